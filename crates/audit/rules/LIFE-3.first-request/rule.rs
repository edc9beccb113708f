//! The first request performs startup work.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-3.first-request",
        title: "The first request performs startup work",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "A middleware connects to the database before each request (Express), or the framework's before-first-request hook initializes the service (Flask). A server that listens before its callback connects counts with low confidence.",
        why: "The service reports healthy before it can serve. The first requests after each deployment wait or fail.",
        fix: &[(
            "any",
            "Connect before the server listens, and then set readiness.",
        )],
        references: &[
            "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        ],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::LazyStart),
            service,
            &["JavaScript", "Python"],
            "no startup work runs in a request",
        )
    }),
};
