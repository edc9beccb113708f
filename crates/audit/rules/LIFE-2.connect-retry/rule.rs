//! The service does not retry its connection to a dependency at startup.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-2.connect-retry",
        title: "The service does not retry its connection to a dependency at startup",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: a startup function connects to a database or broker once (`Ping`, `amqp.Dial`), without a loop or a retry library. Low, because the orchestrator restarts the process.",
        why: "If the database restarts together with the service, the service crashes until the backoff of the orchestrator ends, minutes later.",
        fix: &[(
            "any",
            "Retry with exponential backoff and jitter up to a maximum time. Until then, stay live and not ready.",
        )],
        references: &[
            "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::ConnectRetry)),
};
