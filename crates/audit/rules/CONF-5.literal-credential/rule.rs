//! A setting or constant contains a credential.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.literal-credential",
        title: "A setting or constant contains a credential",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A key of a settings file, a constant or a statement that inserts a user is named like a credential and has a literal value. The finding has low confidence. The salt of password hashes counts.",
        why: "Everyone with read access to the repository or the image knows the value, and production uses it unless a deployment replaces it.",
        fix: &[(
            "any",
            "Read the value from the environment or a secret file, and end the start if it is missing.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SettingCredential,
            "no setting is a credential as plain text",
        )
    }),
};
