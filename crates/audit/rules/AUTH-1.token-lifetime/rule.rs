//! Access tokens are valid for a month or longer.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.token-lifetime",
        title: "Access tokens are valid for a month or longer",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A token is signed with a lifetime of 30 days or more, or a setting such as `AccessExpire` has such a value. The finding has low confidence.",
        why: "A stolen token remains valid for that time, because no code revokes it.",
        fix: &[(
            "any",
            "Let access tokens live for minutes, and renew them with a refresh token that can be revoked.",
        )],
        references: &["https://datatracker.ietf.org/doc/html/rfc9700#section-2.2"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::TokenLifetime, "no token lives for a month")
    }),
};
