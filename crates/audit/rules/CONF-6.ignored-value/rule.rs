//! A setting is ignored without an error.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-6.ignored-value",
        title: "A setting is ignored without an error",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "The value of a setting cannot have an effect, or an invalid value is replaced silently. Examples: the separator `_` of the Rust crate `config`, a default arm for unknown names, `filter_map(parse().ok())`, an empty address as fallback, a list that is used as one address. Compose: a variable that the image of a database does not read, or a published port on which it does not listen. The finding has low confidence. The rule reports one per file.",
        why: "The operator changes a setting, and nothing happens. A spelling mistake disables a limit or selects a weaker algorithm.",
        fix: &[(
            "any",
            "Make startup fail if a value is invalid, and test that each documented variable reaches its field.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::LostSetting, "invalid settings are errors")
    }),
};
