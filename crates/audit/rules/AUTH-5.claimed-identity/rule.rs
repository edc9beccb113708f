//! The identity of a caller is taken from a header.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_by_file, or_passed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "AUTH-5.claimed-identity",
        title: "The identity of a caller is taken from a header",
        severity: Severity::High,
        category: Category::Security,
        meaning: "The code reads a header such as `X-User-Id` or `X-Role`. Low confidence if the file also verifies a token.",
        why: "A caller who reaches the service directly can act as any user.",
        fix: &[(
            "any",
            "Verify a signed token in each service, or accept the header only over mutual TLS from the gateway.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/290.html"],
    },
    check: Check::Service(|_, service| {
        or_passed(
            observed_by_file(service, Practice::CallerIdentity),
            service,
            &["Go", "JavaScript", "TypeScript", "Python", "Java"],
            "no identity is taken from a header",
        )
    }),
};
