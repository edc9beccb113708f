//! A token is verified without a list of algorithms.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.token-algorithm",
        title: "A token is verified without a list of algorithms",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Code verifies a JWT (`jwt.decode`, `jwt.verify`, `jwt.Parse`), and its file names no allowed algorithms. The finding has low confidence. The rule reports one per file.",
        why: "With a public key as the secret, or with `none` in old libraries, attackers sign tokens themselves.",
        fix: &[
            (
                "Python",
                "`jwt.decode(token, key, algorithms=[\"HS256\"], audience=\"shop\")`",
            ),
            (
                "any",
                "Pass the one expected algorithm, the issuer and the audience.",
            ),
        ],
        references: &["https://datatracker.ietf.org/doc/html/rfc8725#section-3.1"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::TokenAlgorithm,
            "every verification names its algorithms",
        )
    }),
};
