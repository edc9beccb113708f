//! A graceful stop that has no time.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-4.shutdown-context",
        title: "The shutdown waits within a context that is already done",
        severity: Severity::High,
        category: Category::Lifecycle,
        meaning: "Go: `Shutdown` gets the context whose end began the stop (`signal.NotifyContext`), or a timeout made from it.",
        why: "`Shutdown` returns at once with `context canceled`: every request that runs is cut, although the code looks graceful.",
        fix: &[
            (
                "Go",
                "`ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)` after the signal, and `server.Shutdown(ctx)`.",
            ),
            ("any", "Give the shutdown a fresh deadline."),
        ],
        references: &["https://pkg.go.dev/net/http#Server.Shutdown"],
    },
    check: Check::Service(|_, service| observed(service, Topic::ShutdownContext)),
};
