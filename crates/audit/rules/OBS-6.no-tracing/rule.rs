//! A service that leaves no trace.

use crate::model::facts::Signal;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, telemetry_is_installed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-6.no-tracing",
        title: "The service sends no traces",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "A server in Go, Node.js or Python that installs no tracer and imports no library that brings one (OpenTelemetry, Datadog, Elastic, New Relic, Zipkin, Jaeger). An import without an installation that can be seen is unknown: an agent may do it. A mesh may trace outside: informative.",
        why: "Which of the services was slow is guessed.",
        fix: &[(
            "any",
            "Install OpenTelemetry with its exporter at start, and pass `traceparent` on.",
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
    "kratos",
    "go-zero",
    "tracing",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    telemetry_is_installed(model, service, Signal::Traces, LIBRARIES)
}
