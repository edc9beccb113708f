//! A connection or a transaction stays open.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-5.leaked-resource",
        title: "A connection or a transaction stays open",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Go: rows, response bodies or transactions that the file never closes or rolls back. JavaScript: a connection of a pool that is not released in `finally`. Go, JavaScript, TypeScript, Python, Java: a `return` or a failure between the statement that takes a connection, a session or a lock and the statement that gives it back. The finding has low confidence. A client, a cache or a worker that each request creates counts too. So does a channel or a connection of a broker that each message opens.",
        why: "Each failure holds one connection. When the pool is empty, every request waits until the service restarts.",
        fix: &[
            (
                "any",
                "Return each connection to the pool on every path, also after an error.",
            ),
            (
                "Go",
                "`defer rows.Close()`, `defer response.Body.Close()`, `defer transaction.Rollback()` directly after the check of the error.",
            ),
            ("JavaScript", "`try { … } finally { client.release() }`"),
        ],
        references: &["https://go.dev/doc/database/manage-connections"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::Leak, "every path gives connections back")
    }),
};
