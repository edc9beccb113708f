//! Without a setting, the service runs as in development.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-2.development-environment",
        title: "Without a setting, the service runs as in development",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "The name of the environment has the default `development`, or an unknown name loads the settings of development. The finding has low confidence. The rule reports one per file.",
        why: "A deployment without the variable starts with the checks, keys and log levels of development. No error shows this.",
        fix: &[(
            "any",
            "Make the variable required, or use production as the default.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::EnvironmentDefault,
            "the environment has no unsafe default",
        )
    }),
};
