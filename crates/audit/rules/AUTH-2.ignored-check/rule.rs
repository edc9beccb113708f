//! A credential check is ignored or too weak.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.ignored-check",
        title: "A credential check is ignored or too weak",
        severity: Severity::High,
        category: Category::Security,
        meaning: "A call that compares a password with its hash is a statement of its own, and no code checks its boolean result. Low confidence for a comparison of signatures or keys that is not constant-time, and for a fixed code.",
        why: "Every password signs in.",
        fix: &[("any", "Return an error if the result is false.")],
        references: &["https://cwe.mitre.org/data/definitions/253.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::IgnoredCheck,
            "the result of each check is used",
        )
    }),
};
