//! The service does not propagate the request ID.

use crate::model::facts::{OutboundCall, Topic};
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-7.request-identifier",
        title: "The service does not propagate the request ID",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "Go: a middleware assigns request IDs, the service calls other services over HTTP, and no code sets a request ID or trace header on outgoing requests.",
        why: "The logs of two services cannot be correlated.",
        fix: &[(
            "any",
            "Set `X-Request-ID` (or use `otelhttp.NewTransport`) on outgoing requests and messages.",
        )],
        references: &["https://www.w3.org/TR/trace-context/"],
    },
    check: Check::Service(check),
};

fn check(_model: &Model, service: &Service) -> Vec<Outcome> {
    if service
        .facts
        .of::<OutboundCall>()
        .deployed()
        .next()
        .is_none()
    {
        return Vec::new();
    }
    observed_anywhere(service, Topic::RequestIdentifier)
}
