//! Each call opens a connection of its own.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-1.connection-per-call",
        title: "Each call opens a connection of its own",
        severity: Severity::Low,
        category: Category::Data,
        meaning: "A handler or a method of a service makes the client of a store or of another service, and closes it at its end: gRPC and Elasticsearch (Go), httpx and aiohttp (Python), `HttpClient` (C#). The finding has low confidence, because a method may run only once. The rule reports one per file.",
        why: "Each call pays for the handshakes of TCP and TLS. Under load, the process runs out of ports, and the other side out of connections.",
        fix: &[(
            "any",
            "Make the client once at the start, pass it to the handlers, and close it at the stop.",
        )],
        references: &["https://grpc.io/docs/guides/performance/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::SharedConnection,
            "calls share their connections",
        )
    }),
};
