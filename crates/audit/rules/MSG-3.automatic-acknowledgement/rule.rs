//! A consumer that confirms before it works.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.automatic-acknowledgement",
        title: "Messages are acknowledged before they are handled",
        severity: Severity::High,
        category: Category::Messaging,
        meaning: "A RabbitMQ consumer is made with automatic acknowledgement (`autoAck`, `noAck`, `auto_ack`) on a queue that is not for replies; low where a Kafka consumer asks for commits by a clock.",
        why: "A crash, a deployment or an error in the handler loses the message, and nothing tells.",
        fix: &[
            (
                "Go",
                "`channel.Consume(queue, name, false, …)`, then `delivery.Ack(false)` after the work and `delivery.Nack(false, false)` to a dead-letter exchange on failure.",
            ),
            (
                "any",
                "Acknowledge after the work; on failure retry some times, then move the message to a dead-letter queue.",
            ),
        ],
        references: &["https://www.rabbitmq.com/docs/confirms"],
    },
    check: Check::Service(|_, service| observed(service, Topic::Acknowledgement)),
};
