//! A request ID that ends at the first service.

use crate::model::facts::{OutboundCall, Topic};
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-7.request-identifier",
        title: "The request ID is not passed on to other services",
        severity: Severity::Low,
        category: Category::Observability,
        meaning: "Go: a middleware gives requests an ID, the service calls others over HTTP, and nothing in its code sets a request ID or trace header on an outgoing message.",
        why: "The logs of two services cannot be joined.",
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
