//! A value from outside is used without a check of its form.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "LIFE-1.unchecked-value",
        title: "A value from outside is used without a check of its form",
        severity: Severity::Low,
        category: Category::Lifecycle,
        meaning: "Go: the type of a decoded value is asserted without the second result (`m[\"id\"].(string)`). JavaScript: `JSON.parse` runs in an event or error-first callback without `try`. The rule reports one finding per file. Go: a list of a request has no `dive`, so no rule of its elements applies.",
        why: "One malformed message or response ends the process, and a broker delivers the message again after each restart.",
        fix: &[
            (
                "Go",
                "`id, ok := m[\"id\"].(string)`, and handle `!ok`. Preferably decode into a struct.",
            ),
            (
                "any",
                "Parse inside `try`, and handle the failure: return 400, or dead-letter the message.",
            ),
        ],
        references: &["https://go.dev/ref/spec#Type_assertions"],
    },
    check: Check::Service(|_, service| observed_by_file(service, Practice::UncheckedValue)),
};
