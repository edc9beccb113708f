//! A token is verified without its issuer and audience.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.token-audience",
        title: "A token is verified without its issuer and audience",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "Code verifies a JWT (`jwt.decode`, `jwt.verify`, `jwt.Parse`, `Jwts.parserBuilder`, passport), and neither its function nor its options name an issuer or an audience. The finding has low confidence. The rule reports one per file.",
        why: "The service accepts tokens that the same key signed for another service or for another purpose.",
        fix: &[
            (
                "Python",
                "`jwt.decode(token, key, algorithms=[\"RS256\"], issuer=\"accounts\", audience=\"shop\")`",
            ),
            ("any", "Pass the expected issuer and audience."),
        ],
        references: &["https://datatracker.ietf.org/doc/html/rfc8725#section-3.8"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::TokenAudience,
            "every verification names an issuer or an audience",
        )
    }),
};
