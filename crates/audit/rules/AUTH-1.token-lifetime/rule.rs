//! Access tokens are valid for a long time.

mod lifetimes;

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.token-lifetime",
        title: "Access tokens are valid for a long time",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A token is signed with a lifetime of 30 days or more, or a setting such as `AccessExpire` has such a value. A lifetime of two hours or more counts if no code of the service can revoke a token. The rule computes it from the expressions of each language (`time.Hour * 72`, `'1d'`, `timedelta(minutes=1440)`). The finding has low confidence.",
        why: "A stolen token remains valid for that time, because no code revokes it.",
        fix: &[(
            "any",
            "Let access tokens live for minutes, and renew them with a refresh token that can be revoked.",
        )],
        references: &["https://datatracker.ietf.org/doc/html/rfc9700#section-2.2"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::TokenLifetime,
            "no token is valid for 30 days or more",
        );
        let services = model.services.iter().chain([&model.unowned]);
        outcomes.extend(services.flat_map(|service| lifetimes::check(model, service)));
        outcomes
    }),
};
