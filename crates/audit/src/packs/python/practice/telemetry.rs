//! Metrics and traces of Python that are really installed.

use crate::model::FactSink;
use crate::model::facts::{Signal, Telemetry};
use crate::syntax::{Call, Code};

pub(super) fn telemetry(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    match call.method {
        "set_tracer_provider" | "FastAPIInstrumentor" | "instrument_app" => facts.add(
            Telemetry {
                signal: Signal::Traces,
                library: "OpenTelemetry",
            },
            code.place(call.node),
        ),
        "Instrumentator" | "make_asgi_app" | "generate_latest" | "start_http_server"
        | "PrometheusMetrics" => facts.add(
            Telemetry {
                signal: Signal::Metrics,
                library: "Prometheus",
            },
            code.place(call.node),
        ),
        "patch_all" if code.imports_module("ddtrace") => facts.add(
            Telemetry {
                signal: Signal::Traces,
                library: "Datadog",
            },
            code.place(call.node),
        ),
        _ => {}
    }
}
