//! A service that is not ready when it says so.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-3.first-request",
        title: "The first request does the work of the start",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "A middleware connects to the database in front of each request (Express), or the framework's hook before the first request does the start (Flask).",
        why: "The service is healthy before it can serve: the first callers after each deployment wait or fail.",
        fix: &[(
            "any",
            "Connect before listening, and turn readiness on afterwards.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Topic::LazyStart),
            service,
            &["JavaScript", "Python"],
            "nothing is put off until the first request",
        )
    }),
};
