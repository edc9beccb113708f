//! A goroutine that nothing ends.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.endless-loop",
        title: "A background loop never stops",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: a goroutine with a `for` that has no condition, no `select`, no `return`, no `break` and receives from no channel.",
        why: "At stop it is cut in the middle; in tests and after reloads it runs twice.",
        fix: &[
            (
                "Go",
                "`select { case <-ctx.Done(): return; case <-ticker.C: … }`, and wait for it when stopping.",
            ),
            (
                "any",
                "Give each background task an owner that cancels and joins it.",
            ),
        ],
        references: &["https://go.dev/blog/pipelines"],
    },
    check: Check::Service(|_, service| observed(service, Topic::BackgroundLoop)),
};
