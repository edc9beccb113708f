//! A timeout that protects nothing.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "RES-3.unused-resilience",
        title: "A timeout, breaker or limiter is made and never used",
        severity: Severity::High,
        category: Category::Resilience,
        meaning: "The name it is bound to is used for nothing else (Go, Python), or a controller is aborted after a time while its signal goes to no call (JavaScript). Names that other files may use are left out.",
        why: "Reviewers see the protection; the call waits for ever.",
        fix: &[(
            "any",
            "Give it to the call: `fetch(url, { signal: controller.signal })`, `session.get(url, timeout=timeout)`, `breaker.Execute(…)`.",
        )],
        references: &["https://developer.mozilla.org/docs/Web/API/AbortController"],
    },
    check: Check::Service(|_, service| observed(service, Topic::DeadResilience)),
};
