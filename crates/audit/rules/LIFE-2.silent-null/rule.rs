//! A start that fails in silence.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-2.silent-null",
        title: "A failed initialisation is logged, and nothing is returned as if it had worked",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "A function that makes a client, publisher or connection catches the error, logs it, and returns `nil`, `null` or `None`. Returning the error is what it should do; a predicate or a cache that answers \"nothing\" is not meant.",
        why: "The service looks healthy and drops every message, or panics at the first use, far away from the cause.",
        fix: &[(
            "any",
            "Return the error and let the start fail or try again; make a disabled client an explicit no-op that says so.",
        )],
        references: &["https://google.github.io/styleguide/go/decisions#returning-errors"],
    },
    check: Check::Service(|_, service| observed(service, Topic::SilentNull)),
};
