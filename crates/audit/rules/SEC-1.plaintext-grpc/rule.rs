//! gRPC without encryption.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.plaintext-grpc",
        title: "A gRPC connection is made without TLS",
        severity: Severity::Low,
        category: Category::Security,
        meaning: "The client or server is made with insecure credentials for a target that is not local. A service mesh may encrypt it outside the repository: low.",
        why: "Whoever is on the network reads and changes the calls, tokens included.",
        fix: &[(
            "any",
            "Use TLS credentials, mutual ones between services, or state that the mesh does it.",
        )],
        references: &["https://grpc.io/docs/guides/auth/"],
    },
    check: Check::Service(|_, service| observed(service, Topic::PlaintextGrpc)),
};
