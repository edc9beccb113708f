//! A service that leaves no trace.

use crate::model::facts::{Import, Module, Route, Server, Signal, Telemetry};
use crate::model::{Model, Service, ServiceKind};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

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
    if service.kind != ServiceKind::Server {
        return Vec::new();
    }
    if let Some(installed) = service
        .facts
        .of::<Telemetry>()
        .deployed()
        .find(|telemetry| telemetry.signal == Signal::Traces)
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
