//! The service exports no traces.

use crate::model::facts::Signal;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, telemetry_is_installed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-6.no-tracing",
        title: "The service exports no traces",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "A Go, Node.js, Python, Rust or Java server installs no tracer and imports no tracing library (OpenTelemetry, Datadog, Elastic, New Relic, Zipkin, Jaeger). If it imports one and the installation is not visible, the result is unknown, or low confidence if no file of the service configures an exporter. Severity info, because a mesh may export traces.",
        why: "Operators cannot see which service was slow.",
        fix: &[(
            "any",
            "Install OpenTelemetry with its exporter at startup, and propagate `traceparent`.",
        )],
        references: &["https://opentelemetry.io/docs/"],
    },
    check: Check::Service(check),
};

/// Parts of imports and dependencies that bring it.
const LIBRARIES: &[&str] = &[
    "opentelemetry",
    "dd-trace",
    "ddtrace",
    "elastic-apm",
    "elasticapm",
    "newrelic",
    "zipkin",
    "jaeger",
    "opencensus",
    "instana",
    "sentry",
    "honeycomb",
    "appinsights",
    "applicationinsights",
    "langfuse",
    "go-zero",
    "tracing",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    telemetry_is_installed(model, service, Signal::Traces, LIBRARIES)
}
