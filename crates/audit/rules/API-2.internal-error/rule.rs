//! Responses expose internal error details.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-2.internal-error",
        title: "Responses expose internal error details",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "A response with status 500 contains the error text or a stack trace. Code behind a check of the environment is excluded. The rule reports one finding per file.",
        why: "Host names, SQL, paths and versions help attackers to choose their next step. Clients also start to depend on the exact text.",
        fix: &[(
            "any",
            "Log the error with the request ID. Return a fixed text, an error code and the request ID (`application/problem+json`).",
        )],
        references: &[
            "https://www.rfc-editor.org/rfc/rfc9457",
            "https://cwe.mitre.org/data/definitions/209.html",
        ],
    },
    check: Check::Service(|_, service| observed_by_file(service, Practice::InternalError)),
};
