//! A RabbitMQ consumer has no prefetch limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-7.no-prefetch",
        title: "A RabbitMQ consumer has no prefetch limit",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A RabbitMQ consumer (Go, JavaScript, Python) acknowledges manually, and no file of its service sets a prefetch (`Qos`, `prefetch`, `basic_qos`). The broker then delivers all messages at once.",
        why: "After an outage the first replica receives the whole queue, and the others stay idle. If it crashes, the broker redelivers everything.",
        fix: &[
            ("Go", "`channel.Qos(50, 0, false)` before `Consume`"),
            (
                "Python",
                "`channel.basic_qos(prefetch_count=50)` before `basic_consume`",
            ),
            (
                "any",
                "Call `channel.prefetch(50)` before `consume`, and make the number a setting.",
            ),
        ],
        references: &["https://www.rabbitmq.com/docs/consumer-prefetch"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Practice::Prefetch)),
};
