//! A token that makes the service panic.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-1.unchecked-claim",
        title: "The type of a token's claim is asserted without a check",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Go: `claims[\"…\"].(T)` in its form with one value.",
        why: "A token whose claim has another type, or none, panics in the handler: with a framework that recovers it is a 500 instead of a 401, without one the process ends.",
        fix: &[
            (
                "Go",
                "`subject, ok := claims[\"sub\"].(string)` and 401 when it is not; better a struct that embeds `jwt.RegisteredClaims`.",
            ),
            ("any", "Check the type of each claim and answer 401."),
        ],
        references: &["https://go.dev/ref/spec#Type_assertions"],
    },
    check: Check::Service(|_, service| observed(service, Topic::UncheckedClaim)),
};
