//! Health that was true once.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "HLTH-3.cached-for-ever",
        title: "The result of a health check is cached without an end",
        severity: Severity::High,
        category: Category::Health,
        meaning: "A cache is given a value under a key that speaks of health, with the time 0, -1 or \"no expiration\".",
        why: "The service reports yesterday's health until it restarts.",
        fix: &[(
            "any",
            "Give the entry a life of some seconds; an expired result is \"unknown\", which is not ready.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(|_, service| observed(service, Topic::HealthCache)),
};
