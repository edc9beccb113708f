//! The cancel function of a context is ignored.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-6.cancel-lost",
        title: "The cancel function of a context is ignored",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: `ctx, _ := context.WithTimeout(…)` drops the cancel function.",
        why: "The context and its timer stay in memory until the deadline, for each call.",
        fix: &[(
            "any",
            "`ctx, cancel := context.WithTimeout(parent, limit); defer cancel()`",
        )],
        references: &["https://pkg.go.dev/context#WithTimeout"],
    },
    check: Check::Service(|_, service| observed_by_file(service, Practice::LostCancel)),
};
