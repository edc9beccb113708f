//! A publisher does not wait for the broker.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "MSG-2.no-confirm",
        title: "A publisher does not wait for the broker",
        severity: Severity::Medium,
        category: Category::Messaging,
        meaning: "Code publishes to RabbitMQ, and its file does not switch publisher confirms on. The finding has low confidence. These count too: a message without persistence (C#, Nest), and a delivery whose failure is only logged (Go, Spring).",
        why: "A message is lost without an error if the broker restarts or rejects it.",
        fix: &[(
            "any",
            "Switch confirms on for the channel, and wait for the confirmation before you report success.",
        )],
        references: &["https://www.rabbitmq.com/docs/confirms#publisher-confirms"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PublisherConfirm,
            "every publisher waits for the broker",
        )
    }),
};
