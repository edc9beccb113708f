//! A failed initialization is logged and returns an empty value.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-2.silent-null",
        title: "A failed initialization is logged and returns an empty value",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "A function that creates a client, publisher or connection catches an error, logs it, and returns `nil`, `null` or `None`. With low confidence: a function that starts something (`initializeRedis`) and only logs its failure, a start whose rejected promise is only logged, and a `main` of Go that returns after a failure. Functions that return the error, predicates and caches are excluded.",
        why: "The service looks healthy and drops every message, or fails at the first use, far from the cause.",
        fix: &[(
            "any",
            "Return the error, so that the startup fails or retries. Represent a disabled client with an explicit no-op type that logs this.",
        )],
        references: &["https://google.github.io/styleguide/go/decisions#returning-errors"],
    },
    check: Check::Service(|_, service| observed(service, Practice::SilentNull)),
};
