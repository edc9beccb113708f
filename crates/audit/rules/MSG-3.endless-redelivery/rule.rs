//! A message that always fails is delivered endlessly.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-3.endless-redelivery",
        title: "A message that always fails is delivered endlessly",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "A consumer rejects each failed message with requeue, and the file counts no deliveries. JavaScript, TypeScript: a consumer that parses a message outside of `try`, or that acknowledges nothing, counts too. The finding has low confidence. The rule reports one per file.",
        why: "The broker delivers the message again at once. One invalid message keeps all consumers busy and fills the log.",
        fix: &[(
            "any",
            "Count the deliveries (`x-death`, `x-delivery-count`), wait longer each time, and dead-letter the message after the last attempt.",
        )],
        references: &["https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::Redelivery, "redeliveries are bounded")
    }),
};
