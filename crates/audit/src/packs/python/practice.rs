//! Habits of Python code that one place shows.

use tree_sitter::Node;

use crate::model::facts::{
    Acknowledgement, Consumer, Migration, Signal, Telemetry, Topic, Verdict,
};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Python practices",
    reader: Reader::Code(&[Language::Python], read),
};

const LOGGERS: &[&str] = &[
    "logging",
    "logger",
    "log",
    "self.logger",
    "_logger",
    "LOGGER",
    "LOG",
    "current_app.logger",
    "app.logger",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let limits = mentions(code.file.name(), LIMITER_WORDS);
    for call in &code.calls {
        debug(code, call, facts);
        logs(code, call, facts);
        messages(code, call, facts);
        telemetry(code, call, facts);
        sql(code, call, facts);
        error(code, call, facts);
        unused(code, call, facts);
        if call.is("grpc", "insecure_channel") || call.is("grpc.aio", "insecure_channel") {
            let local = call.positional(0).is_some_and(|target| {
                mentions(code.text(target), &["localhost", "127.0.0.1", "unix:"])
            });
            if !local {
                show(
                    code,
                    facts,
                    call.node,
                    Topic::PlaintextGrpc,
                    Verdict::LikelyBroken,
                    "the gRPC connection is not encrypted",
                );
            }
        } else if call.method == "secure_channel" {
            show(
                code,
                facts,
                call.node,
                Topic::PlaintextGrpc,
                Verdict::Kept,
                "the gRPC connection is encrypted",
            );
        }
        if call.method == "create_all"
            && call.receiver.ends_with(".metadata")
            && !mentions(
                &code.file.path,
                &["migrat", "seed", "alembic", "script", "cli"],
            )
        {
            facts.add(
                Migration {
                    library: "SQLAlchemy create_all",
                    versioned: false,
                },
                code.place(call.node),
            );
        }
    }
    for caught in code.find_all(code.root, &["except_clause"]) {
        except(code, caught, limits, facts);
    }
    for decorator in code.find_all(code.root, &["decorator"]) {
        if code.text(decorator).ends_with(".before_first_request") {
            show(
                code,
                facts,
                decorator,
                Topic::LazyStart,
                Verdict::Broken,
                "the first request does the work of the start",
            );
        }
    }
    settings(code, facts);
}

fn debug(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let truth = |name: &str| call.keyword(name).map(|value| code.boolean(value));
    let entry = code
        .enclosing(call.node, &["if_statement"])
        .is_some_and(|branch| {
            branch
                .child_by_field_name("condition")
                .is_some_and(|condition| code.text(condition).contains("__name__"))
        });
    if call.method == "run" && code.imports_module("flask") && call.receiver.ends_with("app") {
        match truth("debug") {
            // `python app.py` is how many images start; Gunicorn never runs it.
            Some(Resolution::Known(true)) if entry => show(
                code,
                facts,
                call.node,
                Topic::DebugMode,
                Verdict::Minor,
                "the built-in server runs with `debug=True` when the file is started itself",
            ),
            Some(Resolution::Known(true)) => show(
                code,
                facts,
                call.node,
                Topic::DebugMode,
                Verdict::Broken,
                "Flask runs with `debug=True`: its console runs any code",
            ),
            _ => {}
        }
    } else if call.is("", "FastAPI") {
        match truth("debug") {
            Some(Resolution::Known(true)) => show(
                code,
                facts,
                call.node,
                Topic::DebugMode,
                Verdict::Broken,
                "FastAPI answers errors with tracebacks (`debug=True`)",
            ),
            _ => show(
                code,
                facts,
                call.node,
                Topic::DebugMode,
                Verdict::Kept,
                "debug mode is off",
            ),
        }
    }
}

/// Django settings are names at the top of a module.
fn settings(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let name = code.file.name();
    let django = code.file.text.contains("INSTALLED_APPS");
    if !django || mentions(&code.file.path, &["dev", "local", "test"]) || !name.ends_with(".py") {
        return;
    }
    if let Some(value) = code.binding("DEBUG") {
        match code.text(value) {
            "True" => show(
                code,
                facts,
                value,
                Topic::DebugMode,
                Verdict::Broken,
                "Django runs with `DEBUG = True`",
            ),
            "False" => show(
                code,
                facts,
                value,
                Topic::DebugMode,
                Verdict::Kept,
                "debug mode is off",
            ),
            _ => {}
        }
    }
}

fn logs(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.is("", "print")
        && !mentions(
            &code.file.path,
            &[
                "cli",
                "script",
                "manage.py",
                "migrat",
                "setup.py",
                "seed",
                "notebook",
            ],
        )
    {
        let entry = code
            .enclosing(call.node, &["if_statement"])
            .is_some_and(|branch| {
                branch
                    .child_by_field_name("condition")
                    .is_some_and(|condition| code.text(condition).contains("__name__"))
            });
        if !entry {
            show(
                code,
                facts,
                call.node,
                Topic::Print,
                Verdict::LikelyBroken,
                "`print`",
            );
        }
        return;
    }
    if matches!(
        call.method,
        "FileHandler" | "RotatingFileHandler" | "TimedRotatingFileHandler"
    ) && code.imports_module("logging")
    {
        show(
            code,
            facts,
            call.node,
            Topic::FileLogging,
            Verdict::LikelyBroken,
            format!("logs go to files ({})", call.method),
        );
    } else if call.method == "StreamHandler" {
        show(
            code,
            facts,
            call.node,
            Topic::FileLogging,
            Verdict::Kept,
            "logs go to a stream",
        );
    }
    if call.is("logging", "basicConfig") {
        let level = call.keyword("level").map_or("", |level| code.text(level));
        let guarded = code.enclosing(call.node, &["if_statement"]).is_some();
        if level == "logging.DEBUG" && !guarded {
            show(
                code,
                facts,
                call.node,
                Topic::LogLevel,
                Verdict::Broken,
                "the level is debug, whatever the environment says",
            );
        } else if !guarded {
            show(
                code,
                facts,
                call.node,
                Topic::LogLevel,
                Verdict::Kept,
                "the level is info or a setting",
            );
        }
    }
    if !LOGGERS.contains(&call.receiver) {
        return;
    }
    for argument in &call.arguments {
        let mut candidates = vec![argument.value];
        candidates.extend(
            code.find_all(argument.value, &["interpolation"])
                .into_iter()
                .filter_map(|node| node.named_child(0)),
        );
        let secret = candidates.into_iter().find(|node| {
            let last = code
                .text(*node)
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_lowercase();
            matches!(node.kind(), "identifier" | "attribute")
                && matches!(
                    last.as_str(),
                    "password"
                        | "passwd"
                        | "plain_password"
                        | "access_token"
                        | "refresh_token"
                        | "auth_token"
                        | "api_key"
                        | "apikey"
                        | "client_secret"
                        | "private_key"
                        | "jwt_secret"
                        | "card_number"
                        | "cvv"
                )
        });
        if let Some(secret) = secret {
            show(
                code,
                facts,
                call.node,
                Topic::SecretLogged,
                Verdict::Broken,
                format!("`{}` is logged", code.text(secret)),
            );
            return;
        }
    }
}

fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.method == "basic_consume" {
        let automatic = call
            .keyword("auto_ack")
            .map_or(Resolution::Known(false), |value| code.boolean(value));
        let queue = call
            .keyword("queue")
            .or_else(|| call.positional(0))
            .map_or("", |queue| code.text(queue));
        if automatic == Resolution::Known(true) && !mentions(queue, &["reply", "callback", "rpc"]) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Broken,
                "`auto_ack` is true: the broker forgets a message before the work begins",
            );
        } else if automatic == Resolution::Known(false) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Kept,
                "messages are acknowledged by the code",
            );
        }
        let acknowledgement = automatic.map(|automatic| {
            if automatic {
                Acknowledgement::Automatic
            } else {
                Acknowledgement::Manual
            }
        });
        facts.add(
            Consumer {
                library: "pika",
                topic: Resolution::Unknown("the queue is not read".to_owned()),
                acknowledgement,
            },
            code.place(call.node),
        );
    }
    if matches!(call.method, "KafkaConsumer" | "AIOKafkaConsumer") {
        let unread = || "the topic is not read".to_owned();
        let acknowledgement = match call
            .keyword("enable_auto_commit")
            .map(|value| code.boolean(value))
        {
            Some(Resolution::Known(false)) => Acknowledgement::Manual,
            _ => Acknowledgement::Automatic,
        };
        if call
            .keyword("enable_auto_commit")
            .is_some_and(|value| code.boolean(value) == Resolution::Known(true))
        {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Minor,
                "offsets are committed by a clock, not after the work",
            );
        }
        facts.add(
            Consumer {
                library: "Kafka",
                topic: Resolution::Unknown(unread()),
                acknowledgement: Resolution::Known(acknowledgement),
            },
            code.place(call.node),
        );
    }
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis && matches!(call.method, "blpop" | "brpop") {
        show(
            code,
            facts,
            call.node,
            Topic::DestructivePop,
            Verdict::LikelyBroken,
            format!(
                "`{}` takes the message away before the work is done",
                call.method
            ),
        );
    } else if redis && matches!(call.method, "brpoplpush" | "blmove" | "xreadgroup") {
        show(
            code,
            facts,
            call.node,
            Topic::DestructivePop,
            Verdict::Kept,
            format!(
                "`{}` keeps the message until it is acknowledged",
                call.method
            ),
        );
    }
}

fn telemetry(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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

fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(call.method, "execute" | "executemany" | "raw") {
        return;
    }
    let Some(statement) = call.positional(0) else {
        return;
    };
    let made = code.follow(statement);
    let text = code.text(made);
    let sql = mentions(
        text,
        &["select ", "insert ", "update ", "delete ", "order by"],
    );
    let formatted = (made.kind() == "string" && text.starts_with(['f', 'F']))
        || text.contains(".format(")
        || made.kind() == "binary_operator";
    let sent = [
        "request.args",
        "request.form",
        "request.json",
        "request.GET",
        "request.POST",
        "request.query_params",
    ]
    .iter()
    .any(|source| text.contains(source));
    if sql && formatted && sent {
        show(
            code,
            facts,
            call.node,
            Topic::SqlText,
            Verdict::Broken,
            "text of the request becomes part of the statement",
        );
    } else if sql && !formatted {
        show(
            code,
            facts,
            call.node,
            Topic::SqlText,
            Verdict::Kept,
            "the statement is one literal",
        );
    }
}

fn error(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let text = code.text(call.node);
    let status = call
        .keyword("status_code")
        .or_else(|| call.positional(0))
        .map_or("", |status| code.text(status));
    let inner = call.is("", "HTTPException")
        && (status == "500" || status.ends_with("HTTP_500_INTERNAL_SERVER_ERROR"));
    let traceback =
        matches!(call.method, "JSONResponse" | "jsonify") && text.contains("traceback.format_exc");
    if traceback
        || inner
            && ["str(e)", "str(err)", "str(exc)", "{e}", "{str(e)}", "{exc}"]
                .iter()
                .any(|mark| text.contains(mark))
    {
        show(
            code,
            facts,
            call.node,
            Topic::InternalError,
            Verdict::Broken,
            "the text of an inner error goes to the caller with status 500",
        );
    } else if inner {
        show(
            code,
            facts,
            call.node,
            Topic::InternalError,
            Verdict::Kept,
            "status 500 carries no inner error",
        );
    }
}

/// `timeout = httpx.Timeout(10)` inside a function, named nowhere else.
fn unused(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(
        (call.receiver, call.method),
        ("httpx" | "urllib3", "Timeout")
            | ("aiohttp", "ClientTimeout")
            | ("" | "pybreaker", "CircuitBreaker")
            | ("", "ClientTimeout")
    ) {
        return;
    }
    let what = format!("`{}`", call.method);
    let Some(assignment) = call
        .node
        .parent()
        .filter(|parent| parent.kind() == "assignment")
    else {
        return;
    };
    let (Some(left), Some(function)) = (
        assignment.child_by_field_name("left"),
        code.function_around(call.node),
    ) else {
        return;
    };
    let name = code.text(left);
    if left.kind() == "identifier" && count_word(code.text(function), name) == 1 {
        show(
            code,
            facts,
            call.node,
            Topic::DeadResilience,
            Verdict::Broken,
            format!("{what} is made as `{name}` and used for nothing"),
        );
    } else {
        show(
            code,
            facts,
            call.node,
            Topic::DeadResilience,
            Verdict::Kept,
            format!("{what} is used"),
        );
    }
}

fn except<'t>(code: &Code<'t>, caught: Node<'t>, limits: bool, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let name = code.name_around(caught);
    if limits || mentions(name, LIMITER_WORDS) {
        let refuses = mentions(text, &["503", "429", "raise", "return false"]);
        let passes = text.contains("return await call_next(") || text.contains("return True");
        if passes && !refuses {
            let verdict = if mentions(text, &["fail open", "fail-open"]) {
                Verdict::Minor
            } else {
                Verdict::Broken
            };
            show(
                code,
                facts,
                caught,
                Topic::LimiterFailure,
                verdict,
                "when the limiter cannot decide, the request goes through",
            );
        } else if refuses && !passes {
            show(
                code,
                facts,
                caught,
                Topic::LimiterFailure,
                Verdict::Kept,
                "when the limiter cannot decide, the request is refused",
            );
        }
    }
    let lower = name.trim_start_matches('_').to_lowercase();
    let maker = ["connect", "init", "create", "setup", "make"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    let client = mentions(
        &lower,
        &[
            "client",
            "publisher",
            "producer",
            "connection",
            "broker",
            "queue",
            "database",
            "redis",
            "kafka",
            "rabbit",
            "pool",
        ],
    );
    if maker && client {
        let logs = mentions(text, &["log.", "logger.", "logging.", "print("]);
        if logs && text.contains("return None") && !text.contains("raise") {
            show(
                code,
                facts,
                caught,
                Topic::SilentNull,
                Verdict::Broken,
                format!("`{name}` logs the error and returns `None` as if nothing had happened"),
            );
        } else if text.contains("raise") {
            show(
                code,
                facts,
                caught,
                Topic::SilentNull,
                Verdict::Kept,
                "the error is passed on",
            );
        }
    }
    if let Some(call) = code.calls_within(caught).find(|call| {
        matches!(call.method, "basic_ack")
            || call.method == "ack" && mentions(call.receiver, &["message", "msg"])
    }) {
        if mentions(
            text,
            &[
                "nack", "reject", "dlq", "dead", "retry", "requeue", "publish",
            ],
        ) {
            show(
                code,
                facts,
                call.node,
                Topic::DroppedMessage,
                Verdict::Kept,
                "a failed message is put aside before it is acknowledged",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Topic::DroppedMessage,
                Verdict::Broken,
                "a message that failed is acknowledged and gone",
            );
        }
    }
}
