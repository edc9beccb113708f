//! A failed health check returns success.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-2.ignored-result",
        title: "A failed health check returns success",
        severity: Severity::High,
        category: Category::Health,
        meaning: "Go and JavaScript: a health handler checks a dependency, logs the failure and returns success. Spring: a handler answers 200 after a failed check, or `/ready` checks nothing. Go: a `Ping` that always returns nil. The finding has low confidence. A handler of Nest that only returns that it is healthy counts too.",
        why: "The load balancer sends requests to a replica that cannot serve them.",
        fix: &[(
            "any",
            "Return 503 if a dependency that requests need is not available.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::HealthResult,
            "failed health checks return a failure",
        )
    }),
};
