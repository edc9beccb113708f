//! Metrics and traces of Node.js that are really installed.

use crate::model::facts::{Practice, Signal, Telemetry, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn telemetry(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    match call.method {
        "NodeSDK" | "NodeTracerProvider" => {
            facts.add(
                Telemetry {
                    signal: Signal::Traces,
                    library: "OpenTelemetry",
                },
                code.place(call.node),
            );
            let flushed =
                code.file.text.contains(".shutdown(") || code.file.text.contains("forceFlush");
            let (verdict, evidence) = if flushed {
                (Verdict::Kept, "the traces are flushed at shutdown")
            } else {
                (
                    Verdict::LikelyBroken,
                    "the exporter is created here, and no code in this file shuts it down",
                )
            };
            show(
                code,
                facts,
                call.node,
                Practice::TelemetryFlush,
                verdict,
                evidence,
            );
        }
        "init" if code.imports_module("dd-trace") => facts.add(
            Telemetry {
                signal: Signal::Traces,
                library: "Datadog",
            },
            code.place(call.node),
        ),
        "start" if code.imports_module("elastic-apm-node") => facts.add(
            Telemetry {
                signal: Signal::Traces,
                library: "Elastic APM",
            },
            code.place(call.node),
        ),
        "collectDefaultMetrics" => facts.add(
            Telemetry {
                signal: Signal::Metrics,
                library: "prom-client",
            },
            code.place(call.node),
        ),
        "PrometheusExporter" => facts.add(
            Telemetry {
                signal: Signal::Metrics,
                library: "OpenTelemetry",
            },
            code.place(call.node),
        ),
        "metrics" if mentions(call.receiver, &["register", "registry", "client"]) => facts.add(
            Telemetry {
                signal: Signal::Metrics,
                library: "prom-client",
            },
            code.place(call.node),
        ),
        _ => {}
    }
    let file = matches!(call.method, "File" | "DailyRotateFile")
        && (code.imports_module("winston") || code.imports_module("winston-daily-rotate-file"));
    if file {
        show(
            code,
            facts,
            call.node,
            Practice::FileLogging,
            Verdict::LikelyBroken,
            format!("winston writes to files ({})", call.method),
        );
    }
    let logger = call.method == "createLogger" && code.imports_module("winston")
        || matches!(call.method, "pino" | "P") && code.imports_module("pino");
    if logger {
        let level = call
            .positional(0)
            .and_then(|settings| code.fields(settings))
            .and_then(|fields| {
                fields
                    .iter()
                    .find(|(key, _)| *key == "level")
                    .map(|(_, value)| *value)
            });
        if let Some(level) = level {
            match code.string(level) {
                Resolution::Known(level)
                    if matches!(level.as_str(), "debug" | "silly" | "verbose" | "error") =>
                {
                    show(
                        code,
                        facts,
                        call.node,
                        Practice::LogLevel,
                        Verdict::Broken,
                        format!("the level is always `{level}`"),
                    );
                }
                _ => show(
                    code,
                    facts,
                    call.node,
                    Practice::LogLevel,
                    Verdict::Kept,
                    "the level is info or configurable",
                ),
            }
        }
        if code.file.text.contains("transports.Console") {
            show(
                code,
                facts,
                call.node,
                Practice::FileLogging,
                Verdict::Kept,
                "logs are written to the console",
            );
        }
    }
}
