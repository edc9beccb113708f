//! A service that counts nothing.

use crate::model::facts::{Import, Module, Route, Server, Signal, Telemetry};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

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
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    if let Some(installed) = service
        .facts
        .of::<Telemetry>()
        .deployed()
        .find(|telemetry| telemetry.signal == Signal::Metrics)
    {
        return vec![Outcome::passed(
            format!("{} is installed", installed.library),
            Some(&installed.at),
        )];
    }
    if !service
        .languages
        .iter()
        .all(|language| matches!(*language, "Go" | "JavaScript" | "TypeScript" | "Python"))
    {
        return vec![Outcome::unknown("telemetry is not read in this language")];
    }
    let named = |path: &str| LIBRARIES.iter().any(|library| path.contains(library));
    if let Some(import) = service
        .facts
        .of::<Import>()
        .deployed()
        .find(|import| named(&import.path))
    {
        return vec![Outcome::unknown(format!(
            "`{}` is imported at {}:{}; whether it is installed could not be told",
            import.path, import.at.path, import.at.line
        ))];
    }
    // An agent may be added when the program is started, and a shared library may install it.
    let folder = service.root.clone().unwrap_or_default();
    let depends = model
        .files
        .values()
        .filter(|found| found.file.path.starts_with(&folder))
        .any(|found| {
            found
                .facts
                .of::<Module>()
                .items
                .iter()
                .any(|module| module.dependencies.iter().any(|name| named(name)))
        });
    if depends {
        return vec![Outcome::unknown(
            "a library for it is a dependency; an agent may install it at start",
        )];
    }
    let Some(server) = service
        .facts
        .of::<Server>()
        .deployed()
        .next()
        .map(|server| server.at.clone())
        .or_else(|| {
            service
                .facts
                .of::<Route>()
                .deployed()
                .next()
                .map(|route| route.at.clone())
        })
    else {
        return Vec::new();
    };
    vec![
        Breach::new(
            server,
            Confidence::Low,
            "no library for it is imported by the service",
        )
        .absence()
        .into(),
    ]
}
