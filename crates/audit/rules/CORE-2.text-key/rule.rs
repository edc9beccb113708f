//! A request's values under keys that anybody may use.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CORE-2.text-key",
        title: "A value travels in the context under a plain text",
        severity: Severity::Low,
        category: Category::Contracts,
        meaning: "Go: `context.WithValue` with a text literal as its key. `staticcheck` calls it SA1029.",
        why: "Two packages that use the same word overwrite each other's user or tenant, and a wrong type is found when a request panics.",
        fix: &[(
            "any",
            "A key of a type of its own, `type userKey struct{}`, with one function that sets the value and one that gets it.",
        )],
        references: &[
            "https://pkg.go.dev/context#WithValue",
            "https://staticcheck.dev/docs/checks/#SA1029",
        ],
    },
    check: Check::Service(|_, service| observed_by_file(service, Topic::ContextKey)),
};
