//! The rate limiter fails open.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.fails-open",
        title: "The rate limiter fails open",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "In a function or file that is named after rate limits, an error branch calls the next handler or returns \"allowed\". Low if a comment states the intent. A dropped error of a limiter counts with low confidence.",
        why: "The limit does not apply while its store is overloaded or restarts, which is when it is needed most.",
        fix: &[(
            "any",
            "If the store is unavailable, return 503 or use a limit in memory. Make this choice a setting.",
        )],
        references: &["https://stripe.com/blog/rate-limiters"],
    },
    check: Check::Service(|_, service| observed(service, Practice::LimiterFailure)),
};
