//! A token claim is used without a type check.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.unchecked-claim",
        title: "A token claim is used without a type check",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Go: `claims[\"…\"].(T)` in its single-value form.",
        why: "The handler panics if the claim is missing or has another type. With a recovery middleware the caller gets 500 instead of 401, and without one the process ends.",
        fix: &[
            (
                "Go",
                "`subject, ok := claims[\"sub\"].(string)` and 401 when it is not; better a struct that embeds `jwt.RegisteredClaims`.",
            ),
            (
                "any",
                "Check the type of each claim, and return 401 if it is wrong.",
            ),
        ],
        references: &["https://go.dev/ref/spec#Type_assertions"],
    },
    check: Check::Service(|_, service| observed(service, Practice::UncheckedClaim)),
};
