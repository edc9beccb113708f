//! A service that counts nothing.

use crate::model::facts::Signal;
use crate::model::{Model, Service};
use crate::rule::{Category, Check, Metadata, Outcome, Rule, Severity, telemetry_is_installed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "OBS-4.no-metrics",
        title: "The service has no metrics",
        severity: Severity::Info,
        category: Category::Observability,
        meaning: "A server in Go, Node.js or Python that serves no metrics and imports no library that brings them. A mesh or an agent may count outside: informative.",
        why: "Nobody can be alerted on errors or latency, and nobody knows what is normal.",
        fix: &[(
            "any",
            "Serve `/metrics` with request count, duration and errors by route.",
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
    "kratos",
    "go-zero",
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    telemetry_is_installed(model, service, Signal::Metrics, LIBRARIES)
}
