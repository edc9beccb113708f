//! Messages are acknowledged before they are processed.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.automatic-acknowledgement",
        title: "Messages are acknowledged before they are processed",
        severity: Severity::High,
        category: Category::Messaging,
        meaning: "A RabbitMQ consumer uses automatic acknowledgement (`autoAck`, `noAck`, `auto_ack`) on a queue that is not a reply queue. Low for a Kafka consumer with automatic commits. Low confidence: a handler that only passes the message to a channel, a Java consumer with the default commits, and a RabbitMQ server of NestJS without `noAck: false`. A listener of Spring that acknowledges inside of its transaction counts too, and so does a Python consumer with the default commits.",
        why: "A crash, a deployment or a handler error loses the message without a trace.",
        fix: &[
            (
                "Go",
                "`channel.Consume(queue, name, false, …)`, then `delivery.Ack(false)` after the work and `delivery.Nack(false, false)` to a dead-letter exchange on failure.",
            ),
            (
                "any",
                "Acknowledge after processing. On failure, retry a few times, and then dead-letter the message.",
            ),
        ],
        references: &["https://www.rabbitmq.com/docs/confirms"],
    },
    check: Check::Service(|_, service| observed(service, Practice::Acknowledgement)),
};
