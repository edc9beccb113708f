//! The service exposes no metrics.

use crate::model::facts::Signal;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, telemetry_is_installed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-4.no-metrics",
        title: "The service exposes no metrics",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "A Go, Node.js, Python, Rust or Java server exposes no metrics and imports no metrics library. Severity info, because a mesh or an agent may collect metrics.",
        why: "Operators cannot alert on errors or latency, and have no baseline.",
        fix: &[(
            "any",
            "Serve `/metrics` with request count, duration and errors per route.",
        )],
        references: &["https://prometheus.io/docs/practices/instrumentation/"],
    },
    check: Check::Service(check),
};

/// Parts of imports and dependencies that bring it.
const LIBRARIES: &[&str] = &[
    "prometheus",
    "prom-client",
    "opentelemetry",
    "statsd",
    "datadog",
    "dd-trace",
    "ddtrace",
    "newrelic",
    "elastic-apm",
    "appinsights",
    "applicationinsights",
    "metrics",
    "express-status-monitor",
    "go-zero",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    telemetry_is_installed(model, service, Signal::Metrics, LIBRARIES)
}
