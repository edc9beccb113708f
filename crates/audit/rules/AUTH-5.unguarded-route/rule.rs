//! A route lacks the guard of similar routes.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.unguarded-route",
        title: "A route lacks the guard of similar routes",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Routes of a file are registered with middleware that authenticates, and another route of the file is not. Paths of a login, health and documents are excluded. The finding has low confidence. A route below `/admin` in a file that names no role counts too. A guard that a comment disables counts too.",
        why: "Anyone calls the route without credentials, often because it was added above the line that installs the guard.",
        fix: &[(
            "any",
            "Register the route in the guarded group, or list it as public on purpose.",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::OpenRoute,
            "routes of a file have the same guard",
        )
    }),
};
