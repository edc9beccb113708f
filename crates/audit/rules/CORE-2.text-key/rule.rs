//! A context value has a plain string as its key.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CORE-2.text-key",
        title: "A context value has a plain string as its key",
        severity: Severity::Low,
        category: Category::Contracts,
        meaning: "Go: `context.WithValue` with a string literal as the key (staticcheck SA1029).",
        why: "Two packages with the same key overwrite each other's user or tenant. A wrong type causes a panic during a request.",
        fix: &[(
            "any",
            "Use a dedicated key type, `type userKey struct{}`, with one function that sets the value and one that reads it.",
        )],
        references: &[
            "https://pkg.go.dev/context#WithValue",
            "https://staticcheck.dev/docs/checks/#SA1029",
        ],
    },
    check: Check::Service(|_, service| observed_by_file(service, Practice::ContextKey)),
};
