//! A gRPC connection does not use TLS.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.plaintext-grpc",
        title: "A gRPC connection does not use TLS",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "The client or server uses insecure credentials for a target that is not local. Low, because a service mesh may encrypt the connection.",
        why: "Attackers on the network can read and change the calls, including tokens.",
        fix: &[(
            "any",
            "Use TLS credentials (mutual TLS between services), or document that the mesh encrypts.",
        )],
        references: &["https://grpc.io/docs/guides/auth/"],
    },
    check: Check::Service(|_, service| observed(service, Practice::PlaintextGrpc)),
};
