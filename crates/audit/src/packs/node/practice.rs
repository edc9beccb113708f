//! Habits of Node.js code that one place shows.

use tree_sitter::Node;

use super::LANGUAGES;
use crate::model::facts::{
    Acknowledgement, Consumer, Drain, Migration, Signal, Telemetry, Topic, Verdict,
};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Node.js practices",
    reader: Reader::Code(LANGUAGES, read),
};

/// Files that run beside the service.
const BESIDE: &[&str] = &[
    "seed", "migrat", "script", "cli", "bin/", "config.", "webpack", "vite", "jest", "eslint",
    "gulp",
];
const LOGGERS: &[&str] = &[
    "console",
    "logger",
    "log",
    "this.logger",
    "req.log",
    "winston",
    "fastify.log",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let limits = mentions(code.file.name(), LIMITER_WORDS);
    for call in &code.calls {
        telemetry(code, call, facts);
        messages(code, call, facts);
        logs(code, call, facts);
        error(code, call, facts);
        sql(code, call, facts);
        handler(code, call, facts);
        limits_of(code, call, facts);
        migration(code, call, facts);
        if call.is("credentials", "createInsecure") || call.is("grpc.credentials", "createInsecure")
        {
            show(
                code,
                facts,
                call.node,
                Topic::PlaintextGrpc,
                Verdict::LikelyBroken,
                "the gRPC connection is not encrypted",
            );
        }
        if call.method == "createSsl" {
            show(
                code,
                facts,
                call.node,
                Topic::PlaintextGrpc,
                Verdict::Kept,
                "the gRPC connection is encrypted",
            );
        }
        if call.method == "AbortController" {
            abort(code, call, facts);
        }
        if call.is("", "setTimeout") {
            drain(code, call, facts);
        }
    }
    for caught in code.find_all(code.root, &["catch_clause"]) {
        if limits || mentions(code.name_around(caught), LIMITER_WORDS) {
            limiter_failure(code, caught, facts);
        }
        swallowed(code, caught, facts);
    }
}

fn telemetry(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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
                (Verdict::Kept, "the traces are flushed at the end")
            } else {
                (
                    Verdict::LikelyBroken,
                    "the exporter is made here, and nothing in the file shuts it down",
                )
            };
            show(
                code,
                facts,
                call.node,
                Topic::TelemetryFlush,
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
            Topic::FileLogging,
            Verdict::LikelyBroken,
            format!("winston writes to files ({})", call.method),
        );
    }
    if call.method == "createLogger" && code.imports_module("winston") {
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
                        Topic::LogLevel,
                        Verdict::Broken,
                        format!("the level is `{level}`, whatever the environment says"),
                    );
                }
                _ => show(
                    code,
                    facts,
                    call.node,
                    Topic::LogLevel,
                    Verdict::Kept,
                    "the level is info or a setting",
                ),
            }
        }
        if code.file.text.contains("transports.Console") {
            show(
                code,
                facts,
                call.node,
                Topic::FileLogging,
                Verdict::Kept,
                "logs go to the console",
            );
        }
    }
}

fn messages(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let amqp = code.imports_module("amqplib");
    if amqp && call.method == "consume" && call.arguments.len() >= 2 {
        let queue = call.positional(0).map_or("", |queue| code.text(queue));
        let automatic = call
            .positional(2)
            .and_then(|settings| code.fields(settings))
            .and_then(|fields| {
                fields
                    .iter()
                    .find(|(key, _)| *key == "noAck")
                    .map(|(_, value)| *value)
            })
            .map_or(Resolution::Known(false), |value| code.boolean(value));
        if automatic == Resolution::Known(true) && !mentions(queue, &["reply", "callback", "rpc"]) {
            show(
                code,
                facts,
                call.node,
                Topic::Acknowledgement,
                Verdict::Broken,
                "`noAck` is true: the broker forgets a message before the work begins",
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
                library: "amqplib",
                topic: Resolution::Unknown("the queue is not read".to_owned()),
                acknowledgement,
            },
            code.place(call.node),
        );
    }
    let consumer = (call.method == "run" && code.imports_module("kafkajs"))
        || (call.method == "Worker" && code.imports_module("bullmq"))
        || (call.method == "process" && code.imports_module("bull"));
    if consumer {
        let library = if code.imports_module("kafkajs") {
            "kafkajs"
        } else {
            "bull"
        };
        let unread = || "how messages are acknowledged is not read".to_owned();
        facts.add(
            Consumer {
                library,
                topic: Resolution::Unknown(unread()),
                acknowledgement: Resolution::Unknown(unread()),
            },
            code.place(call.node),
        );
    }
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis && matches!(call.method, "blpop" | "brpop" | "blPop" | "brPop") {
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
    } else if redis
        && matches!(
            call.method,
            "brpoplpush" | "blmove" | "blMove" | "xreadgroup" | "xReadGroup"
        )
    {
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
    if matches!(call.method, "publish" | "sendToQueue")
        && let Some(Resolution::Known(topic)) = call.positional(0).map(|topic| code.string(topic))
    {
        let junk = ["test", "foo", "bar", "junk", "asdf"].iter().any(|word| {
            topic == *word
                || topic.starts_with(&format!("{word}-"))
                || topic.starts_with(&format!("{word}."))
                || topic.starts_with(&format!("{word}_"))
        });
        let (verdict, evidence) = if junk {
            (
                Verdict::LikelyBroken,
                format!("a message goes to the topic `{topic}`"),
            )
        } else {
            (Verdict::Kept, format!("messages go to `{topic}`"))
        };
        show(
            code,
            facts,
            call.node,
            Topic::TestPayload,
            verdict,
            evidence,
        );
    }
}

fn logs(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !LOGGERS.contains(&call.receiver) {
        return;
    }
    if call.receiver == "console"
        && matches!(call.method, "log" | "info" | "debug")
        && !mentions(&code.file.path, BESIDE)
    {
        show(
            code,
            facts,
            call.node,
            Topic::Print,
            Verdict::LikelyBroken,
            format!("`console.{}`", call.method),
        );
    }
    for argument in &call.arguments {
        let mut candidates = vec![argument.value];
        if argument.value.kind() == "template_string" {
            candidates = code
                .find_all(argument.value, &["template_substitution"])
                .into_iter()
                .filter_map(|node| node.named_child(0))
                .collect();
        } else if argument.value.kind() == "object" {
            candidates = code
                .fields(argument.value)
                .unwrap_or_default()
                .into_iter()
                .map(|(_, value)| value)
                .collect();
        }
        if let Some(secret) = candidates
            .into_iter()
            .find(|node| is_secret(code.text(*node), node.kind()))
        {
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

fn is_secret(text: &str, kind: &str) -> bool {
    if !matches!(
        kind,
        "identifier" | "member_expression" | "shorthand_property_identifier"
    ) {
        return false;
    }
    if matches!(
        text,
        "req.headers" | "request.headers" | "req.headers.authorization" | "process.env"
    ) {
        return true;
    }
    let last = text.rsplit('.').next().unwrap_or(text).to_lowercase();
    matches!(
        last.as_str(),
        "password"
            | "passwd"
            | "plainpassword"
            | "accesstoken"
            | "refreshtoken"
            | "authtoken"
            | "apikey"
            | "clientsecret"
            | "privatekey"
            | "jwtsecret"
            | "creditcard"
            | "cardnumber"
            | "cvv"
    )
}

fn error(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(call.method, "json" | "send") || !call.receiver.ends_with(".status(500)") {
        return;
    }
    let Some(answer) = call.positional(0) else {
        return;
    };
    let text = code.text(answer);
    let around = code
        .enclosing(call.node, &["if_statement", "ternary_expression"])
        .map_or("", |around| code.text(around));
    let guarded = mentions(text, &["node_env", "isdev", "isprod", "production"])
        || mentions(around, &["node_env", "isdev", "isprod"]);
    let told = [
        ".stack",
        "err.message",
        "error.message",
        "e.message",
        "String(err",
        "err.toString()",
        "error.toString()",
    ]
    .iter()
    .any(|mark| text.contains(mark))
        || matches!(text, "err" | "error" | "e");
    if told && !guarded {
        show(
            code,
            facts,
            call.node,
            Topic::InternalError,
            Verdict::Broken,
            "the text of an inner error goes to the caller with status 500",
        );
    } else if !told {
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

fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(
        call.method,
        "query" | "execute" | "raw" | "$queryRawUnsafe" | "$executeRawUnsafe"
    ) {
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
    let joined = matches!(made.kind(), "template_string" | "binary_expression");
    let sent = [
        "req.query",
        "req.params",
        "req.body",
        "request.query",
        "request.params",
        "request.body",
        "ctx.query",
    ]
    .iter()
    .any(|source| text.contains(source));
    if sql && joined && sent {
        show(
            code,
            facts,
            call.node,
            Topic::SqlText,
            Verdict::Broken,
            "text of the request becomes part of the statement",
        );
    } else if sql && !joined {
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

/// An asynchronous Express handler whose rejection nobody hears.
fn handler(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module("express")
        || !matches!(
            call.method,
            "get" | "post" | "put" | "delete" | "patch" | "use"
        )
        || call.arguments.len() < 2
    {
        return;
    }
    for argument in call.arguments.iter().skip(1) {
        let text = code.text(argument.value);
        if !matches!(
            argument.value.kind(),
            "arrow_function" | "function_expression"
        ) || !text.starts_with("async")
            || !text.contains("await ")
        {
            continue;
        }
        if text.contains("try") || text.contains(".catch(") {
            show(
                code,
                facts,
                argument.value,
                Topic::FloatingPromise,
                Verdict::Kept,
                "the handler catches its errors",
            );
        } else {
            show(
                code,
                facts,
                argument.value,
                Topic::FloatingPromise,
                Verdict::Broken,
                "an error in this asynchronous handler is an unhandled rejection",
            );
        }
    }
    if call.method == "use"
        && call.arguments.iter().any(|argument| {
            let text = code.text(argument.value);
            text.starts_with("async")
                && [
                    "await connectDB(",
                    "await connectToDatabase(",
                    "await connectToDB(",
                    "await mongoose.connect(",
                ]
                .iter()
                .any(|mark| text.contains(mark))
        })
    {
        show(
            code,
            facts,
            call.node,
            Topic::LazyStart,
            Verdict::Broken,
            "the first request opens the database",
        );
    }
}

fn limits_of(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if matches!(call.method, "rateLimit" | "rateLimiter")
        && code.imports_module("express-rate-limit")
    {
        let fields = call
            .positional(0)
            .and_then(|settings| code.fields(settings));
        let has = |name: &str| {
            fields
                .as_ref()
                .is_some_and(|fields| fields.iter().any(|(key, _)| *key == name))
        };
        if fields.is_some() && !has("store") {
            show(
                code,
                facts,
                call.node,
                Topic::LimiterStore,
                Verdict::LikelyBroken,
                "the limiter counts in the memory of one process",
            );
        } else if has("store") {
            show(
                code,
                facts,
                call.node,
                Topic::LimiterStore,
                Verdict::Kept,
                "the limiter counts in a store",
            );
        }
        let skip = fields.as_ref().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| *key == "skip")
                .map(|(_, value)| code.text(*value))
        });
        if skip.is_some_and(|skip| mentions(skip, &["node_env", "production"])) {
            show(
                code,
                facts,
                call.node,
                Topic::ConditionalLimit,
                Verdict::Minor,
                "the limiter exists in production only",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Topic::ConditionalLimit,
                Verdict::Kept,
                "the limiter holds in every environment",
            );
        }
        let key = fields.as_ref().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| *key == "keyGenerator")
                .map(|(_, value)| code.text(*value))
        });
        if key.is_some_and(|key| mentions(key, &["x-forwarded-for"])) {
            show(
                code,
                facts,
                call.node,
                Topic::LimiterKey,
                Verdict::LikelyBroken,
                "the limiter takes its key from `X-Forwarded-For`, which any caller may write",
            );
        } else {
            show(
                code,
                facts,
                call.node,
                Topic::LimiterKey,
                Verdict::Kept,
                "the limiter's key is not a header",
            );
        }
    }
    if matches!(call.method, "json" | "urlencoded" | "raw" | "text")
        && matches!(call.receiver, "express" | "bodyParser")
    {
        let limit = call
            .positional(0)
            .and_then(|settings| code.fields(settings))
            .and_then(|fields| {
                fields
                    .iter()
                    .find(|(key, _)| *key == "limit")
                    .map(|(_, value)| *value)
            });
        match limit.map(|limit| (code.string(limit), code.text(limit))) {
            None => show(
                code,
                facts,
                call.node,
                Topic::UnboundedBody,
                Verdict::Kept,
                "Express bounds the body at 100 kB",
            ),
            Some((Resolution::Known(limit), _)) => {
                if let Some(bytes) = bytes(&limit) {
                    facts.add(
                        crate::model::facts::BodyLimit { bytes },
                        code.place(call.node),
                    );
                    show(
                        code,
                        facts,
                        call.node,
                        Topic::UnboundedBody,
                        Verdict::Kept,
                        format!("the body is bounded at {limit}"),
                    );
                }
            }
            Some((_, "Infinity")) => show(
                code,
                facts,
                call.node,
                Topic::UnboundedBody,
                Verdict::Broken,
                "the bound on the body is `Infinity`",
            ),
            Some(_) => {}
        }
    }
    if call.method == "on"
        && matches!(call.receiver, "req" | "request")
        && call
            .positional(0)
            .is_some_and(|event| code.string(event) == Resolution::Known("data".to_owned()))
    {
        let around = code
            .function_around(call.node)
            .map_or("", |function| code.text(function));
        let gathers =
            code.text(call.node).contains("+=") || code.text(call.node).contains(".push(");
        let bounded = mentions(
            around,
            &["length >", ".destroy(", "413", "maxsize", "max_", "limit"],
        );
        if gathers
            && !bounded
            && code
                .imports
                .iter()
                .any(|import| matches!(import.path, "http" | "node:http" | "https" | "node:https"))
        {
            show(
                code,
                facts,
                call.node,
                Topic::UnboundedBody,
                Verdict::LikelyBroken,
                "the body is gathered in memory, however long it is",
            );
        }
    }
}

/// `10mb` in bytes, as the `bytes` package reads it.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    let at = lower
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(lower.len());
    let (number, unit) = lower.split_at_checked(at)?;
    let factor: u64 = match unit.trim() {
        "" | "b" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn migration(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if mentions(
        &code.file.path,
        &["migrat", "seed", "cli", "data-source", "script"],
    ) {
        return;
    }
    let library = match call.method {
        "sync" if mentions(call.receiver, &["sequelize"]) => "sequelize.sync",
        "DataSource" | "createConnection" | "forRoot"
            if code
                .imports
                .iter()
                .any(|import| matches!(import.path, "typeorm" | "@nestjs/typeorm")) =>
        {
            let fields = call
                .positional(0)
                .and_then(|settings| code.fields(settings))
                .unwrap_or_default();
            if !fields.iter().any(|(key, value)| {
                *key == "synchronize" && code.boolean(*value) == Resolution::Known(true)
            }) {
                return;
            }
            "TypeORM `synchronize`"
        }
        _ => return,
    };
    facts.add(
        Migration {
            library,
            versioned: false,
        },
        code.place(call.node),
    );
}

/// A controller whose signal is given to nobody.
fn abort(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let name = code
        .enclosing(call.node, &["variable_declarator"])
        .filter(|declarator| {
            declarator
                .child_by_field_name("value")
                .is_some_and(|value| value.id() == call.node.id())
        })
        .and_then(|declarator| declarator.child_by_field_name("name"))
        .map(|name| code.text(name));
    let (Some(name), Some(function)) = (name, code.function_around(call.node)) else {
        return;
    };
    let text = code.text(function);
    let aborts = text.contains(&format!("{name}.abort"));
    let used = text.contains(&format!("{name}.signal"))
        || text.contains("{ signal }")
        || count_word(text, name) > 1 + text.matches(&format!("{name}.abort")).count();
    if aborts && !used {
        show(
            code,
            facts,
            call.node,
            Topic::DeadResilience,
            Verdict::Broken,
            format!("`{name}` is aborted after a time, and its signal is given to no call"),
        );
    } else if used {
        show(
            code,
            facts,
            call.node,
            Topic::DeadResilience,
            Verdict::Kept,
            format!("`{name}` is used"),
        );
    }
}

/// `setTimeout(() => process.exit(1), 10000)`.
fn drain(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (Some(action), Some(time)) = (call.positional(0), call.positional(1)) else {
        return;
    };
    let text = code.text(action);
    if !text.contains("process.exit") {
        return;
    }
    let digits: String = code.text(code.follow(time)).replace('_', "");
    let seconds = digits.parse::<u64>().map_or_else(
        |_| Resolution::Unknown("the drain is a setting".to_owned()),
        |milliseconds| Resolution::Known(milliseconds / 1000),
    );
    facts.add(Drain { seconds }, code.place(call.node));
}

fn limiter_failure<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let refuses = mentions(
        text,
        &[
            "503",
            "429",
            "500",
            "next(err",
            "next(e)",
            "throw",
            "return false",
            "allowed: false",
        ],
    );
    let passes =
        text.contains("next()") || text.contains("return true") || text.contains("allowed: true");
    if passes && !refuses {
        let verdict = if mentions(text, &["fail open", "fail-open", "failopen"]) {
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

/// Errors that are logged and become a null, and messages acknowledged on failure.
fn swallowed<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let logs = mentions(text, &["console.", "logger.", "log."]);
    let name = code.name_around(caught).to_lowercase();
    let maker = ["connect", "init", "create", "setup", "make"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let client = mentions(
        &name,
        &[
            "client",
            "publisher",
            "producer",
            "connection",
            "broker",
            "queue",
            "db",
            "database",
            "redis",
            "kafka",
            "rabbit",
            "amqp",
            "pool",
        ],
    );
    if maker && client {
        let returned = code.find_all(caught, &["return_statement"]);
        let value = returned.last().map_or("", |node| {
            code.text(*node)
                .trim_start_matches("return")
                .trim()
                .trim_end_matches(';')
        });
        if logs && matches!(value, "null" | "undefined") && !text.contains("throw") {
            show(
                code,
                facts,
                caught,
                Topic::SilentNull,
                Verdict::Broken,
                format!(
                    "`{}` logs the error and returns `{value}` as if nothing had happened",
                    code.name_around(caught)
                ),
            );
        } else if text.contains("throw") || text.contains("process.exit") {
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
    let acknowledged = code.calls_within(caught).find(|call| {
        call.method == "ack"
            && mentions(
                call.receiver,
                &["channel", "ch", "msg", "message", "consumer"],
            )
    });
    if let Some(call) = acknowledged {
        if mentions(
            text,
            &[
                "nack",
                "reject",
                "dlq",
                "dead",
                "retry",
                "requeue",
                "publish",
                "sendtoqueue",
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
