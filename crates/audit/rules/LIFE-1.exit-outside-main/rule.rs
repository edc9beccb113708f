//! Code below `main` that ends the program.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-1.exit-outside-main",
        title: "A function ends the whole program instead of returning its error",
        severity: Severity::Medium,
        category: Category::Lifecycle,
        meaning: "Go: a function that may return an error panics with one (medium); `os.Exit` or `log.Fatal` in a package other than `main` and the commands (low). `Must…` functions, `main` and `init` are meant to.",
        why: "Nothing is drained, flushed or closed, deferred calls do not run, and whoever calls cannot try again.",
        fix: &[(
            "any",
            "Return the error, wrapped with what was being done; let `main` print it and choose the exit status.",
        )],
        references: &["https://go.dev/wiki/CodeReviewComments#dont-panic"],
    },
    check: Check::Service(|_, service| observed_by_file(service, Topic::ExitOutsideMain)),
};
