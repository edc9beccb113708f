//! A background loop cannot be stopped.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.endless-loop",
        title: "A background loop cannot be stopped",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: a goroutine with an unconditional `for` loop that has no `select`, `return`, `break` or channel receive.",
        why: "The process aborts the loop's work at shutdown. In tests and after reloads the loop runs twice.",
        fix: &[
            (
                "Go",
                "`select { case <-ctx.Done(): return; case <-ticker.C: … }`, and wait for it when stopping.",
            ),
            (
                "any",
                "Give each background task an owner that cancels it and waits for its end.",
            ),
        ],
        references: &["https://go.dev/blog/pipelines"],
    },
    check: Check::Service(|_, service| observed(service, Practice::BackgroundLoop)),
};
