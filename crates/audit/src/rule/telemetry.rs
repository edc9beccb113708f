//! Whether a service sends a signal, with one check for metrics and for traces.

use super::{Breach, Confidence, Outcome, absent_in_texts, runs_code, start_of, texts_contain};
use crate::model::facts::{Import, Module, Server, Signal, Telemetry};
use crate::model::{FileFacts, Model, Service};

/// Parts of files that install an exporter of a signal. A library that only propagates a context
/// exports nothing.
const SENDS_TRACES: &[&str] = &[
    "TracerProvider",
    "NodeSDK",
    "SdkTracer",
    "GlobalTracer",
    "initTracer",
    "jaeger",
    "zipkin",
    "otlp",
    "exporter",
    "ddtrace",
    "dd-trace",
    "elastic-apm",
    "elasticapm",
    "newrelic",
    "instana",
    "sentry",
    "honeycomb",
    "javaagent",
    "micrometer-tracing",
    "micrometer.tracing",
    "applicationinsights",
    "opentelemetry-instrument",
    "auto-instrumentation",
    "tracing_subscriber",
    "telemetry:",
];
const SENDS_METRICS: &[&str] = &[
    "promhttp",
    "prometheus",
    "prom-client",
    "MeterProvider",
    "metrics",
    "statsd",
    "datadog",
    "micrometer",
    "NodeSDK",
    "devserver",
];

fn has_rust_program(service: &Service) -> bool {
    let root = service.root.as_deref().unwrap_or_default();
    service.files.iter().any(|path| {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let inside = inside.trim_start_matches('/');
        inside == "src/main.rs" || inside.starts_with("src/bin/")
    })
}

fn is_manifest(found: &FileFacts) -> bool {
    matches!(
        found.file.name(),
        "pom.xml" | "build.gradle" | "build.gradle.kts"
    )
}

/// The word `metrics` is a part of `SymmetricSecurityKey` in texts of C#.
fn words_of_texts<'w>(libraries: &[&'w str]) -> Vec<&'w str> {
    libraries
        .iter()
        .copied()
        .filter(|word| *word != "metrics")
        .chain(["/metrics", "diagnostics.metrics", "app.metrics"])
        .collect()
}

/// Judges a service in a language without a grammar by the words of its texts.
fn in_texts(model: &Model, service: &Service, libraries: &[&str]) -> Vec<Outcome> {
    let servers = service.facts.of::<Server>();
    match servers.deployed().next() {
        Some(server) if !texts_contain(model, service, &words_of_texts(libraries)) => {
            vec![
                Breach::review(
                    server.at.clone(),
                    "no text of the service names a library for it",
                )
                .absence()
                .into(),
            ]
        }
        Some(_) => vec![Outcome::unknown("telemetry is not read in this language")],
        None => vec![
            absent_in_texts(
                model,
                service,
                &words_of_texts(libraries),
                "no text of the service names a library for it",
            )
            .unwrap_or_else(|| Outcome::unknown("telemetry is not read in this language")),
        ],
    }
}

/// Judges a service by the libraries that could send a signal: `libraries` are parts of the names
/// of imports and dependencies.
#[must_use]
pub fn telemetry_is_installed(
    model: &Model,
    service: &Service,
    signal: Signal,
    libraries: &[&str],
) -> Vec<Outcome> {
    if !runs_code(service) {
        return Vec::new();
    }
    if let Some(installed) = service
        .facts
        .of::<Telemetry>()
        .deployed()
        .find(|telemetry| telemetry.signal == signal)
    {
        return vec![Outcome::passed(
            format!("{} is installed", installed.library),
            Some(&installed.at),
        )];
    }
    if !service.languages.iter().all(|language| {
        matches!(
            *language,
            "Go" | "JavaScript" | "TypeScript" | "Python" | "Rust" | "Java" | "Kotlin"
        )
    }) {
        return in_texts(model, service, libraries);
    }
    // A library has routes for programs elsewhere, and they install the telemetry.
    if service.languages.contains("Rust") && !has_rust_program(service) {
        return Vec::new();
    }
    let named = |path: &str| libraries.iter().any(|library| path.contains(library));
    if let Some(import) = service
        .facts
        .of::<Import>()
        .deployed()
        .find(|import| named(&import.path))
    {
        let senders = match signal {
            Signal::Traces => SENDS_TRACES,
            _ => SENDS_METRICS,
        };
        // Other files of the repository may install the exporter for Java programs.
        let shared = ["Java", "Kotlin"]
            .iter()
            .any(|language| service.languages.contains(language));
        if !shared && !texts_contain(model, service, senders) {
            let evidence = format!(
                "`{}` is imported, but the service configures no exporter",
                import.path
            );
            return vec![Breach::review(import.at.clone(), evidence).absence().into()];
        }
        return vec![Outcome::unknown(format!(
            "`{}` is imported at {}:{}, and it is unknown whether the code installs it",
            import.path, import.at.path, import.at.line
        ))];
    }
    // Programs in Rust and Java often install it in a shared module of the repository.
    let may_share = ["Rust", "Java", "Kotlin"]
        .iter()
        .any(|language| service.languages.contains(language));
    let shared = model
        .files
        .values()
        .filter(|_| may_share)
        .filter(|found| {
            service.languages.contains(found.file.language.name()) || is_manifest(found)
        })
        .find_map(|found| {
            let installed = found.facts.of::<Telemetry>();
            let place = installed
                .deployed()
                .find(|telemetry| telemetry.signal == signal)?
                .at
                .clone();
            Some(place)
        });
    if let Some(at) = shared {
        return vec![Outcome::unknown(format!(
            "{}:{} installs it, and it is unknown whether this service uses that module",
            at.path, at.line
        ))];
    }
    // An agent may be added when the program is started, and a shared library may install it.
    let folder = service.root.as_deref().unwrap_or_default();
    let inside = |path: &str| {
        folder.is_empty()
            || path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let depends = model
        .files
        .values()
        .filter(|found| inside(&found.file.path))
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
            "a library for it is a dependency, and an agent may install it at startup",
        )];
    }
    let Some(server) = start_of(model, service) else {
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
