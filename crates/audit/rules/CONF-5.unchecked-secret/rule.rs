//! A missing secret is not noticed at the start.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.unchecked-secret",
        title: "A missing secret is not noticed at the start",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "Go, JavaScript and Python: a variable with the name of a secret is read, and its file checks no value. The finding has low confidence, because a check may be in another file.",
        why: "A deployment without the variable starts, signs tokens with an empty key, or fails at the first use.",
        fix: &[(
            "any",
            "Read all secrets once at the start, and end the start if one is missing or too short.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::UncheckedSecret,
            "startup fails if a secret is missing",
        )
    }),
};
