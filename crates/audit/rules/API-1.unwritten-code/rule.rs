//! Deployed code is not implemented.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-1.unwritten-code",
        title: "Deployed code is not implemented",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "Deployed code fails with a text like \"implement me\" or \"not implemented\", or with `todo!()`. Mocks, stubs and base classes are excluded. Low confidence: a method that only returns null or a constant, and a field that is set twice in a row. So do a body that is a comment (Go), and an object whose fields a function sets and that it then drops.",
        why: "The feature looks available, and each use of it fails.",
        fix: &[(
            "any",
            "Write the code, or remove the route and the interface.",
        )],
        references: &["https://12factor.net/dev-prod-parity"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed(service, Practice::Stub),
            service,
            &["Go", "JavaScript", "TypeScript", "Rust", "Java"],
            "no deployed code is a placeholder",
        )
    }),
};
