//! A route for debugging is deployed.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.debug-route",
        title: "A route for debugging is deployed",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The path (`/debug`, `/memory`, `/crash`) or the comment above a route says that it is for debugging, or profiles of the process are served. Routes behind a condition are excluded. Ambiguous paths have low confidence.",
        why: "Everyone who reaches the service can read internals, exhaust its memory or end it.",
        fix: &[(
            "any",
            "Remove the route, or serve it on the admin listener, outside of production.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/489.html"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::DebugRoute),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "no route is for debugging",
        )
    }),
};
