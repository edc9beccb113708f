//! A health check result is cached without expiry.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-3.cached-without-expiry",
        title: "A health check result is cached without expiry",
        severity: Severity::High,
        category: Category::Health,
        meaning: "A cache entry with a health-related key has the lifetime 0, -1 or \"no expiration\".",
        why: "The service reports an outdated result until it restarts.",
        fix: &[(
            "any",
            "Let the entry expire after a few seconds, and treat an expired result as not ready.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Practice::HealthCache)),
};
