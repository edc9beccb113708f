//! A dependency that gets one chance at the start.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-2.connect-retry",
        title: "The service gives up when a dependency is not there at once",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: a function that starts something asks a database or broker once (`Ping`, `amqp.Dial`), with no loop and no word of a retry around it. The orchestrator restarts it, so the finding is low.",
        why: "A database that restarts together with the service makes it crash until the back-off of the orchestrator lets it in, minutes later.",
        fix: &[(
            "any",
            "Try again with exponential backoff and jitter up to a limit; stay alive and not ready meanwhile.",
        )],
        references: &[
            "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::ConnectRetry)),
};
