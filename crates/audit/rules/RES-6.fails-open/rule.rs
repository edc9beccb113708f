//! A limiter that lets everything through when it fails.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-6.fails-open",
        title: "The rate limiter fails open",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "In a function or a file named after rate limits, the branch of an error calls the next handler or answers \"allowed\". Low when a comment says that it is meant.",
        why: "Whoever overloads the store of the limiter, or waits for it to restart, is no longer limited: the limit is away exactly when it is needed.",
        fix: &[(
            "any",
            "Refuse with 503 when the store cannot be asked, or fall back to a limit in memory; make the choice a setting.",
        )],
        references: &["https://stripe.com/blog/rate-limiters"],
    },
    check: Check::Service(|_, service| observed(service, Topic::LimiterFailure)),
};
