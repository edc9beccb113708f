//! No limiter counts the attempts of a login.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, observed_in_repository, unlimited_logins,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-2.unlimited-login",
        title: "No limiter counts the attempts of a login",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A file registers a route for a login or a token, and no file of its service mentions a limiter. An HTTP or gRPC handler with the name of a login or a code counts in the same way. A one-time code that is compared without a count of attempts counts too. The finding has low confidence.",
        why: "An attacker tries passwords as fast as the service responds.",
        fix: &[(
            "any",
            "Limit failed attempts per account and per address, and return 429 with `Retry-After`.",
        )],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::LoginLimit,
            "attempts of a login are limited",
        );
        outcomes.extend(unlimited_logins(model));
        outcomes
    }),
};
