//! A lost connection ends the process.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.error-listener",
        title: "A lost connection ends the process",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Node.js: a file creates a Redis client and adds no `error` listener. The finding has low confidence. Channels of RabbitMQ count too.",
        why: "Node.js ends the process for an `error` event without a listener, so one restart of Redis ends every replica.",
        fix: &[(
            "any",
            "`client.on('error', (error) => logger.error({ error }, 'redis failed'));`",
        )],
        references: &["https://nodejs.org/api/events.html#error-events"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::ErrorListener,
            "every client has a listener for errors",
        )
    }),
};
