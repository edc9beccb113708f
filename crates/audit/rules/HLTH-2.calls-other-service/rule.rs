//! A health check calls another service.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.calls-other-service",
        title: "A health check calls another service",
        severity: Severity::Low,
        category: Category::Health,
        meaning: "Go, JavaScript, TypeScript, Python: a function of a health route calls another service or a mail server. The finding has low confidence.",
        why: "If one service fails, the platform restarts or excludes all services that call it.",
        fix: &[(
            "any",
            "Check own stores only. Show the state of other services as a metric, or on a page without a probe.",
        )],
        references: &[
            "https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::PeerHealth,
            "health checks do not call other services",
        )
    }),
};
