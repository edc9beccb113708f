//! Credentials travel over plain HTTP.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.plaintext-http",
        title: "Credentials travel over plain HTTP",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The settings fetch or check tokens at an `http://` address, or a proxy has a listener without TLS and none with TLS. The finding has low confidence, because a mesh or a load balancer may encrypt.",
        why: "Everyone on the network path can read tokens and passwords.",
        fix: &[(
            "any",
            "Use `https://` addresses, and end TLS at the proxy with a certificate.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/319.html"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Topic::PlainHttp,
            "no settings send credentials over plain HTTP",
        )
    }),
};
