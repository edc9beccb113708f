//! Metrics and traces that Spring Boot installs because of a dependency.

use crate::model::FactSink;
use crate::model::facts::{Signal, Telemetry};
use crate::packs::{Pack, Reader};
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "Java telemetry",
    reader: Reader::Text(read),
};

/// Artifacts that install a signal when they are on the class path.
const ARTIFACTS: &[(&str, Signal, &str)] = &[
    ("micrometer-registry-", Signal::Metrics, "Micrometer"),
    (
        "quarkus-micrometer-registry-",
        Signal::Metrics,
        "Micrometer",
    ),
    (
        "micrometer-tracing-bridge-",
        Signal::Traces,
        "Micrometer Tracing",
    ),
    (
        "opentelemetry-spring-boot-starter",
        Signal::Traces,
        "OpenTelemetry",
    ),
    (
        "opentelemetry-spring-boot-starter",
        Signal::Metrics,
        "OpenTelemetry",
    ),
    ("quarkus-opentelemetry", Signal::Traces, "OpenTelemetry"),
    (
        "spring-cloud-starter-sleuth",
        Signal::Traces,
        "Spring Cloud Sleuth",
    ),
    ("spring-cloud-starter-zipkin", Signal::Traces, "Zipkin"),
    ("spring-cloud-sleuth-zipkin", Signal::Traces, "Zipkin"),
    ("opentelemetry-exporter-", Signal::Traces, "OpenTelemetry"),
];

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    if !matches!(file.name(), "pom.xml" | "build.gradle" | "build.gradle.kts") {
        return;
    }
    for (artifact, signal, library) in ARTIFACTS {
        if let Some(at) = file.text.find(artifact) {
            let telemetry = Telemetry {
                signal: *signal,
                library,
            };
            facts.add(telemetry, at..at + artifact.len());
        }
    }
}
