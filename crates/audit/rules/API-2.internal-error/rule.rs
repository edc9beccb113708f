//! A server that tells its callers what broke inside.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-2.internal-error",
        title: "Inner errors are sent to the caller",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "An answer with status 500 carries the text of the error, or its stack. Not when a test of the environment guards it. One finding for each file.",
        why: "Host names, SQL, paths and versions tell an intruder what to try next; and callers begin to depend on the words.",
        fix: &[(
            "any",
            "Log the error with the request ID; answer with a fixed text, a code and that ID (`application/problem+json`).",
        )],
        references: &[
            "https://www.rfc-editor.org/rfc/rfc9457",
            "https://cwe.mitre.org/data/definitions/209.html",
        ],
    },
    check: Check::Service(|_, service| observed_by_file(service, Topic::InternalError)),
};
