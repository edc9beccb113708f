//! A failed call panics outside of startup.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-1.request-panic",
        title: "A failed call panics outside of startup",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Rust: `expect` or `unwrap` follows a query or a call of a repository, or reads a variable of the environment outside of the start. Tests and files with `main` are excluded. The finding has low confidence. The rule reports one per file. Go: a constructor of go-zero logic that panics. A server of Echo, Gin or Fiber whose middleware does not recover counts too.",
        why: "One lost connection ends the request without a response, and poisons locks.",
        fix: &[(
            "any",
            "Return the error with `?`, and read variables once at the start.",
        )],
        references: &["https://doc.rust-lang.org/book/ch09-03-to-panic-or-not-to-panic.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::RequestPanic,
            "no call panics outside of the start",
        )
    }),
};
