//! The rate limiter is active in one environment only.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.off-outside-production",
        title: "The rate limiter is active in one environment only",
        severity: Severity::Low,
        category: Category::Resilience,
        meaning: "The code registers or skips the limiter depending on the environment. With low confidence: a guard lets every caller pass outside of production.",
        why: "Tests before production do not cover the limiter. Wrong keys and limits first affect real users.",
        fix: &[(
            "any",
            "Enable the limiter in all environments, and make its limits a setting.",
        )],
        references: &["https://12factor.net/dev-prod-parity"],
    },
    check: Check::Service(|_, service| observed(service, Practice::ConditionalLimit)),
};
