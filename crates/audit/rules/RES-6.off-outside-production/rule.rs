//! A limit that only production knows.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.off-outside-production",
        title: "The rate limiter exists in one environment only",
        severity: Severity::Low,
        category: Category::Resilience,
        meaning: "The limiter is registered, or skipped, by a test of the environment.",
        why: "What is never on before production is never tested: wrong keys and wrong limits show up in front of customers.",
        fix: &[(
            "any",
            "Keep it on everywhere and make the numbers a setting of each environment.",
        )],
        references: &["https://12factor.net/dev-prod-parity"],
    },
    check: Check::Service(|_, service| observed(service, Topic::ConditionalLimit)),
};
