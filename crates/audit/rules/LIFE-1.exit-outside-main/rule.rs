//! A function ends the process instead of returning an error.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, guesses, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-1.exit-outside-main",
        title: "A function ends the process instead of returning an error",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Go: a function with an error result panics (medium), or a package other than `main` calls `os.Exit` or `log.Fatal` (low). `Must…` functions, `main`, `init` and command packages are excluded. A constructor that panics counts with low confidence.",
        why: "The process does not drain requests, flush telemetry or run deferred calls, and the caller cannot retry.",
        fix: &[(
            "any",
            "Wrap the error with context and return it. Let `main` print it and set the exit status.",
        )],
        references: &["https://go.dev/wiki/CodeReviewComments#dont-panic"],
    },
    check: Check::Service(|_, service| {
        guesses(observed_by_file(service, Practice::ExitOutsideMain))
    }),
};
