//! The service does not propagate the request ID.

use crate::model::facts::{OutboundCall, Practice};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{
    Category, Check, Metadata, Outcome, Rule, Severity, absent_in_texts, observed_anywhere,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-7.request-identifier",
        title: "The service does not propagate the request ID",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "Go: a middleware assigns request IDs, the service calls other services over HTTP, and no code sets a request ID or trace header on outgoing requests. Low confidence, for servers in every language: no file of the service mentions a request ID, a correlation ID or a trace.",
        why: "The logs of two services cannot be correlated.",
        fix: &[(
            "any",
            "Set `X-Request-ID` (or use `otelhttp.NewTransport`) on outgoing requests and messages.",
        )],
        references: &["https://www.w3.org/TR/trace-context/"],
    },
    check: Check::Service(check),
};

/// Words of code that assigns or passes on an identifier of a request.
const WORDS: &[&str] = &[
    "request-id",
    "request_id",
    "requestid",
    "correlation",
    "traceparent",
    "trace_id",
    "traceid",
    "trace-id",
    "opentelemetry",
    "otel",
    "sleuth",
    "zipkin",
    "jaeger",
    "tracing",
    "dd-trace",
    "kratos",
    "go-zero",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let calls = service.facts.of::<OutboundCall>();
    if calls.deployed().next().is_some() {
        let found = observed_anywhere(service, Practice::RequestIdentifier);
        if !found.is_empty() {
            return found;
        }
    }
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    let evidence = "no file of the service assigns or passes on a request ID";
    absent_in_texts(model, service, WORDS, evidence)
        .into_iter()
        .collect()
}
