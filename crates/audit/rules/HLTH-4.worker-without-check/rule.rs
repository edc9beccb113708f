//! Nothing checks a worker.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-4.worker-without-check",
        title: "Nothing checks a worker",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "A compose file starts a worker of a queue without a health check in the file. Or a program in C# runs a hosted service without one. The finding has low confidence. A consumer thread without a health indicator counts in Java.",
        why: "The orchestrator does not restart a worker that hangs, and the queue grows until users notice.",
        fix: &[(
            "any",
            "Give the worker a health check: `celery inspect ping`, or a health endpoint that reports the age of the last message.",
        )],
        references: &["https://docs.docker.com/reference/compose-file/services/#healthcheck"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::WorkerCheck,
            "every worker has a health check",
        )
    }),
};
