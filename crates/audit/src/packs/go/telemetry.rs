//! Telemetry and logs of Go code.

use crate::model::facts::{Practice, Signal, Telemetry, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};
use tree_sitter::Node;

pub(super) const PACK: Pack = Pack {
    name: "Go telemetry",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        match (call.receiver, call.method) {
            (_, "SetTracerProvider") => facts.add(
                Telemetry {
                    signal: Signal::Traces,
                    library: "OpenTelemetry",
                },
                code.place(call.node),
            ),
            ("promhttp", "Handler" | "HandlerFor") => facts.add(
                Telemetry {
                    signal: Signal::Metrics,
                    library: "Prometheus",
                },
                code.place(call.node),
            ),
            (_, "SetMeterProvider") => facts.add(
                Telemetry {
                    signal: Signal::Metrics,
                    library: "OpenTelemetry",
                },
                code.place(call.node),
            ),
            ("ddtracer" | "tracer", "Start")
                if code
                    .imports
                    .iter()
                    .any(|import| import.path.contains("dd-trace-go")) =>
            {
                facts.add(
                    Telemetry {
                        signal: Signal::Traces,
                        library: "Datadog",
                    },
                    code.place(call.node),
                );
            }
            (_, "NewDBStatsCollector") => facts.add(
                Telemetry {
                    signal: Signal::Pool,
                    library: "Prometheus",
                },
                code.place(call.node),
            ),
            ("otelhttp", "NewTransport") | ("propagation", "HeaderCarrier") => {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::RequestIdentifier,
                    Verdict::Kept,
                    "outgoing calls propagate the trace",
                );
            }
            (_, "Set") if call.receiver.ends_with("Header") && is_request_header(code, call) => {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::RequestIdentifier,
                    Verdict::Kept,
                    "outgoing requests carry the request ID",
                );
            }
            ("middleware", "RequestID") | ("requestid", "New") => show(
                code,
                facts,
                call.node,
                Practice::RequestIdentifier,
                Verdict::LikelyBroken,
                "requests get an ID here, and no outgoing call carries it",
            ),
            _ => {}
        }
        if call.method == "NewTracerProvider" {
            let flushed =
                code.file.text.contains("Shutdown") || code.file.text.contains("ForceFlush");
            let (verdict, evidence) = if flushed {
                (Verdict::Kept, "the traces are flushed at shutdown")
            } else {
                (
                    Verdict::LikelyBroken,
                    "the tracer is created here, and no code in this file flushes it",
                )
            };
            // A test exporter or a synchronous one keeps nothing back.
            if !code.text(call.node).contains("WithSyncer") {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::TelemetryFlush,
                    verdict,
                    evidence,
                );
            }
        }
        if matches!(call.method, "Shutdown" | "ForceFlush")
            && mentions(
                call.receiver,
                &["tp", "tracer", "provider", "otel", "telemetry"],
            )
        {
            show(
                code,
                facts,
                call.node,
                Practice::TelemetryFlush,
                Verdict::Kept,
                "the traces are flushed at shutdown",
            );
        }
        level(code, call, facts);
        development_logger(code, call, facts);
        print(code, call, facts);
        secret(code, call, facts);
    }
    for node in code.find_all(code.root, &["assignment_statement", "keyed_element"]) {
        assigned_level(code, node, facts);
    }
    for (_, node) in code
        .composites
        .iter()
        .filter(|(name, _)| *name == "lumberjack.Logger")
    {
        show(
            code,
            facts,
            *node,
            Practice::FileLogging,
            Verdict::LikelyBroken,
            "logs are written to rotating files",
        );
    }
}

fn is_request_header(code: &Code<'_>, call: &Call<'_>) -> bool {
    matches!(call.positional(0).map(|name| code.string(name)), Some(Resolution::Known(name)) if mentions(&name, &["x-request-id", "traceparent", "x-correlation-id"]))
}

fn level(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let argument = call
        .positional(0)
        .map_or("", |argument| code.text(argument));
    let level = match (call.receiver, call.method) {
        ("zerolog", "SetGlobalLevel") | ("logrus" | "log", "SetLevel") => argument,
        _ => return,
    };
    if code
        .enclosing(
            call.node,
            &[
                "if_statement",
                "expression_switch_statement",
                "expression_case",
            ],
        )
        .is_some()
    {
        return;
    }
    if level.ends_with("DebugLevel") || level.ends_with("TraceLevel") {
        show(
            code,
            facts,
            call.node,
            Practice::LogLevel,
            Verdict::Broken,
            "the level is always debug",
        );
    } else if level.ends_with("InfoLevel") || !level.contains("Level") {
        show(
            code,
            facts,
            call.node,
            Practice::LogLevel,
            Verdict::Kept,
            "the level is info or configurable",
        );
    }
}

/// `log.Level = logrus.DebugLevel`, `Level: slog.LevelDebug`.
fn assigned_level<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(node);
    let Some((name, value)) = text.split_once(['=', ':']) else {
        return;
    };
    let (name, value) = (name.trim(), value.trim_start_matches('=').trim());
    let debug = matches!(
        value,
        "logrus.DebugLevel"
            | "logrus.TraceLevel"
            | "log.DebugLevel"
            | "slog.LevelDebug"
            | "zap.DebugLevel"
            | "zapcore.DebugLevel"
            | "zerolog.DebugLevel"
    );
    let always = code
        .enclosing(node, &["if_statement", "expression_case", "case_clause"])
        .is_none();
    if debug && always && (name == "Level" || name.ends_with(".Level")) {
        show(
            code,
            facts,
            node,
            Practice::LogLevel,
            Verdict::Broken,
            "the level is always debug",
        );
    }
}

/// `zap.NewDevelopment()`.
fn development_logger(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let conditional = code
        .enclosing(call.node, &["if_statement", "expression_case"])
        .is_some();
    if call.is("zap", "NewDevelopment") && !conditional {
        show(
            code,
            facts,
            call.node,
            Practice::LogLevel,
            Verdict::LikelyBroken,
            "the logger for development writes debug lines as text",
        );
    }
}

fn print(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.receiver != "fmt" || !matches!(call.method, "Println" | "Printf" | "Print") {
        return;
    }
    let text: &str = &code.file.text;
    let command = ["spf13/cobra", "urfave/cli", "alecthomas/kingpin"]
        .iter()
        .any(|library| text.contains(library));
    let name = code.name_around(call.node).to_lowercase();
    if command
        || mentions(&name, &["usage", "version", "banner", "help"])
        || mentions(&code.file.path, &["cli", "tool", "migrat"])
    {
        return;
    }
    show(
        code,
        facts,
        call.node,
        Practice::Print,
        Verdict::LikelyBroken,
        format!("`fmt.{}`", call.method),
    );
}

/// Names that can only be a credential.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "plainpassword",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "apikey",
    "clientsecret",
    "privatekey",
    "jwtsecret",
    "cardnumber",
    "cvv",
    "bearerheader",
    "bearertoken",
    "authheader",
    "authorization",
    "tokenstring",
    "jwttoken",
    "sessiontoken",
];

fn secret(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let logger = call
        .receiver
        .rsplit('.')
        .next()
        .unwrap_or(call.receiver)
        .to_lowercase();
    let logs = matches!(
        logger.as_str(),
        "log" | "logger" | "slog" | "logrus" | "zap" | "sugar" | "l" | "klog" | "glog"
    ) && mentions(
        call.method,
        &[
            "print", "info", "debug", "warn", "error", "fatal", "trace", "string", "any",
        ],
    );
    if !logs {
        return;
    }
    let named = call
        .arguments
        .iter()
        .map(|argument| argument.value)
        .find(|value| {
            let last = code
                .text(*value)
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_lowercase();
            matches!(value.kind(), "identifier" | "selector_expression")
                && (SECRETS.contains(&last.as_str())
                    || matches!(code.text(*value), "cookie.Value" | "cookie"))
        });
    if let Some(named) = named {
        show(
            code,
            facts,
            call.node,
            Practice::SecretLogged,
            Verdict::Broken,
            format!("`{}` is logged", code.text(named)),
        );
    }
}
