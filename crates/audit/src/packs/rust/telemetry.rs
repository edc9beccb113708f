//! Metrics and traces of Rust that are really installed.

use crate::model::FactSink;
use crate::model::facts::{Signal, Telemetry};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Rust telemetry",
    reader: Reader::Code(&[Language::Rust], read),
};

/// Code that installs a signal. Inside macros there are tokens and not calls, so the text decides.
const MARKS: &[(&str, Signal, &str)] = &[
    (
        "PrometheusBuilder::new",
        Signal::Metrics,
        "metrics-exporter-prometheus",
    ),
    ("PrometheusMetricLayer", Signal::Metrics, "axum-prometheus"),
    (
        "PrometheusMetricsBuilder::new",
        Signal::Metrics,
        "actix-web-prom",
    ),
    ("prometheus::gather", Signal::Metrics, "prometheus"),
    (
        "prometheus_client::encoding",
        Signal::Metrics,
        "prometheus-client",
    ),
    ("set_meter_provider", Signal::Metrics, "OpenTelemetry"),
    (
        "SdkMeterProvider::builder",
        Signal::Metrics,
        "OpenTelemetry",
    ),
    ("set_tracer_provider", Signal::Traces, "OpenTelemetry"),
    ("TracerProvider::builder", Signal::Traces, "OpenTelemetry"),
    (
        "tracing_opentelemetry::layer",
        Signal::Traces,
        "OpenTelemetry",
    ),
    ("OpenTelemetryLayer::new", Signal::Traces, "OpenTelemetry"),
    (
        "init_tracing_opentelemetry",
        Signal::Traces,
        "OpenTelemetry",
    ),
    ("sentry::init", Signal::Traces, "Sentry"),
];
/// Methods that start a service with the kernel of Seaworthy, which installs both signals.
const KERNEL_STARTS: &[&str] = &["main", "main_with", "run_with"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<Telemetry>();
    for (mark, signal, library) in MARKS {
        let text: &str = &code.file.text;
        // In a string or in a comment the name installs nothing.
        let place = text.match_indices(mark).map(|(at, _)| at).find(|at| {
            !text
                .get(..*at)
                .is_some_and(|before| before.ends_with(['"', '`']))
        });
        if let Some(at) = place {
            add(facts, *signal, library, at..at + mark.len());
        }
    }
    let uses_kernel = code.imports.iter().any(|import| {
        ["seaworthy", "seaworthy_service"]
            .iter()
            .any(|own| import.path == *own || import.path.starts_with(&format!("{own}::")))
    });
    let start = code
        .calls
        .iter()
        .find(|call| uses_kernel && KERNEL_STARTS.contains(&call.method));
    if let Some(start) = start {
        for signal in [Signal::Metrics, Signal::Traces] {
            add(facts, signal, "Seaworthy", start.node.byte_range());
        }
    }
}

fn add(
    facts: &mut FactSink<'_>,
    signal: Signal,
    library: &'static str,
    span: std::ops::Range<usize>,
) {
    facts.add(Telemetry { signal, library }, span);
}
