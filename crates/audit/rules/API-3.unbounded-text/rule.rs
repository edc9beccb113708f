//! A string from the caller has no maximum length.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-3.unbounded-text",
        title: "A string from the caller has no maximum length",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "A request schema requires a string, and the file sets no maximum length. The finding has low confidence.",
        why: "One request stores megabytes, which every list then reads, or fails in the database with an internal error.",
        fix: &[(
            "any",
            "Set a maximum length for each text (`max:255`, `@MaxLength`, `max_length`, `validate: max`) that fits its column.",
        )],
        references: &[
            "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
        ],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::TextLength,
            "texts of callers have a maximum length",
        )
    }),
};
