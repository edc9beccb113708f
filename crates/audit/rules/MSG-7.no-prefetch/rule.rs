//! A consumer that takes the whole queue.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-7.no-prefetch",
        title: "A RabbitMQ consumer takes without a bound",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A consumer of RabbitMQ (Go, JavaScript, Python) acknowledges by hand, and no file of its service sets a prefetch (`Qos`, `prefetch`, `basic_qos`). Without one the broker hands out everything it has.",
        why: "After an outage the first replica gets the whole queue into its memory, the others get nothing, and when it dies all of it is delivered again.",
        fix: &[
            ("Go", "`channel.Qos(50, 0, false)` before `Consume`"),
            (
                "Python",
                "`channel.basic_qos(prefetch_count=50)` before `basic_consume`",
            ),
            (
                "any",
                "`channel.prefetch(50)` before `consume`; make the number a setting.",
            ),
        ],
        references: &["https://www.rabbitmq.com/docs/consumer-prefetch"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Topic::Prefetch)),
};
