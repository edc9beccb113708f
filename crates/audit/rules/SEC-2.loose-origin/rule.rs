//! The check of an origin accepts origins of other owners.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-2.loose-origin",
        title: "The check of an origin accepts origins of other owners",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Code compares a part of an origin, or accepts every origin of a web socket. The finding has low confidence.",
        why: "Anyone registers `shop.example.attacker.net`, and its pages call the service with the cookies of the user.",
        fix: &[(
            "any",
            "Compare the whole origin with a list from the settings.",
        )],
        references: &["https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::LooseOrigin,
            "origins are compared as a whole",
        )
    }),
};
