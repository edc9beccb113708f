//! A failed message is reported as processed.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.dropped-message",
        title: "A failed message is reported as processed",
        severity: Severity::High,
        category: Category::Messaging,
        meaning: "In an error branch the consumer acknowledges the message without a retry, a dead letter or a copy. Low if the message could not be decoded. The rule also reports a publish function that logs an error and returns success.",
        why: "The work is lost, and the sender assumes success. Only a log line shows the failure.",
        fix: &[(
            "any",
            "Return the error to the sender. In a consumer, reject the message so that the broker dead-letters it.",
        )],
        references: &["https://www.rabbitmq.com/docs/dlx"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DroppedMessage)),
};
