//! A message that failed and is gone.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.dropped-message",
        title: "A failed message is reported as done",
        severity: Severity::High,
        category: Category::Messaging,
        meaning: "In the branch of an error the consumer acknowledges the message, without a retry, a dead letter or a copy (low when it could not be decoded); or a function that publishes logs the error and returns success.",
        why: "The work is lost, the sender believes that it is done, and only a line in a log knows.",
        fix: &[(
            "any",
            "Return the error to the sender; in a consumer reject the message so that it reaches the dead-letter queue.",
        )],
        references: &["https://www.rabbitmq.com/docs/dlx"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DroppedMessage)),
};
