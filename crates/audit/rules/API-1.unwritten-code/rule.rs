//! Deployed code is not implemented.

use crate::model::facts::Practice;
use crate::rule::{
    Category, Check, Metadata, Rule, Severity, handlers_without_effect, observed, or_passed,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "API-1.unwritten-code",
        title: "Deployed code is not implemented",
        severity: Severity::Medium,
        category: Category::Contracts,
        meaning: "Deployed code fails with a text like \"implement me\" or \"not implemented\", or with `todo!()`. Mocks, stubs, fakes and base classes are excluded. These findings have low confidence: a method that only returns null or a constant, a field that is set twice in a row, a function that promises an effect (`sendMail`) and only logs, a message handler without any effect, a random result, code below a comment that says that it simulates something, a body that is a comment (Go), and an object whose fields a function sets and that it then drops. A log text that names a mock or a simulation counts too.",
        why: "The feature looks available, and each use of it fails.",
        fix: &[(
            "any",
            "Write the code, or remove the route and the interface.",
        )],
        references: &["https://12factor.net/dev-prod-parity"],
    },
    check: Check::Service(|_, service| {
        let mut outcomes = observed(service, Practice::Stub);
        outcomes.extend(handlers_without_effect(service));
        or_passed(
            outcomes,
            service,
            &["Go", "JavaScript", "TypeScript", "Rust", "Java"],
            "no deployed code is a placeholder",
        )
    }),
};
