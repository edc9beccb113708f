//! Requests and records of people that code writes to its log, in every language.

mod response;

use tree_sitter::Node;

use self::response::Response;
use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "logged requests",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Tsx,
            Language::Python,
            Language::Java,
            Language::Kotlin,
        ],
        read,
    ),
}];

/// Last parts of receivers that log.
const LOGGERS: &[&str] = &[
    "console", "logger", "log", "slog", "logging", "_logger", "logrus", "sugar", "klog", "fmt",
    "winston", "_log",
];
/// Prefixes of methods that log.
const METHODS: &[&str] = &[
    "log",
    "info",
    "debug",
    "warn",
    "error",
    "trace",
    "print",
    "fatal",
    "exception",
];
/// Expressions that are a whole request, as text without spaces.
const REQUESTS: &[&str] = &[
    "req.body",
    "request.body",
    "ctx.request.body",
    "ctx.body",
    "event.body",
    "call.request",
    "request.json",
    "request.get_json()",
    "request.data",
    "request.form",
    "request.POST",
    "awaitrequest.json()",
    "awaitrequest.body()",
    "r.Body",
    "r.Form",
    "r.PostForm",
    "c.Request.Body",
    "requestBody",
    "reqBody",
    "rawBody",
    "request_body",
    "raw_body",
];
/// Names of a request or response body.
const BODIES: &[&str] = &[
    "body",
    "payload",
    "bodyBytes",
    "string(body)",
    "string(bodyBytes)",
    "string(payload)",
];
/// Names of records about people and their money.
const RECORDS: &[&str] = &[
    "user",
    "customer",
    "account",
    "profile",
    "payment",
    "creditCard",
    "card",
    "credentials",
    "employee",
    "recipient",
    "patient",
    "member",
    "session",
    "userData",
    "newUser",
    "currentUser",
    "foundUser",
    "dbUser",
    "existingUser",
    "loginDto",
    "createUserDto",
    "registerDto",
];
/// Words for the removal of sensitive parts of a value.
const HARMLESS: &[&str] = &["mask", "redact", "sanit", "omit", "scrub", "safe", "hash"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if mentions(&code.file.path, &["seed", "migrat", "script", "cli/"]) {
        return;
    }
    for call in code.calls.iter().filter(|call| logs(call)) {
        let found = call.arguments.iter().find_map(|argument| {
            let (verdict, what) = logged(code, call, argument.value)?;
            Some((argument.value, verdict, what))
        });
        if let Some((argument, verdict, what)) = found {
            let verdict = if verdict != Verdict::Review && is_debug(call) {
                Verdict::Minor
            } else {
                verdict
            };
            let body = code
                .find_all(argument, &["member_expression"])
                .into_iter()
                .find(|node| code.text(*node).ends_with(".body"));
            show(
                code,
                facts,
                body.unwrap_or(call.node),
                Practice::BodyLogged,
                verdict,
                format!("{what} is logged"),
            );
        }
    }
}

/// Whether a call writes a log record.
pub(super) fn logs(call: &Call<'_>) -> bool {
    let receiver = call
        .receiver
        .rsplit(['.', ')'])
        .next()
        .unwrap_or(call.receiver);
    let receiver = receiver.to_lowercase();
    let method = call.method.to_lowercase();
    let plain = call.receiver.is_empty() && method == "print";
    // `fmt.Errorf` returns an error and logs nothing.
    let returns = receiver == "fmt" && !method.starts_with("print");
    plain
        || !returns
            && LOGGERS.contains(&receiver.as_str())
            && METHODS.iter().any(|start| method.starts_with(start))
}

/// Whether a call logs with a level that is off by default. `console.debug` has no level.
fn is_debug(call: &Call<'_>) -> bool {
    let method = call.method.to_lowercase();
    !call.receiver.ends_with("console")
        && ["debug", "trace"]
            .iter()
            .any(|level| method.starts_with(level))
}

type Found = (Verdict, String);

fn logged<'t>(code: &Code<'t>, call: &Call<'t>, value: Node<'t>) -> Option<Found> {
    if mentions(code.text(value), HARMLESS) {
        return None;
    }
    let inner = code.find_all(value, &["template_substitution", "interpolation"]);
    if !inner.is_empty() {
        return inner
            .into_iter()
            .filter_map(|node| node.named_child(0))
            .find_map(|node| inspect(code, call, node, true));
    }
    if value.kind() == "object" {
        return code
            .fields(value)?
            .into_iter()
            .find_map(|(_, field)| inspect(code, call, field, false));
    }
    // `"…".format(x)`, `"…" % x`, `"…" + x`
    if matches!(value.kind(), "binary_operator" | "binary_expression") {
        let right = value.child_by_field_name("right")?;
        return inspect(code, call, right, true);
    }
    if let Some(made) = code.call_at(value).filter(|made| made.method == "format") {
        return made
            .arguments
            .iter()
            .find_map(|argument| inspect(code, call, argument.value, true));
    }
    inspect(code, call, value, false)
}

/// `as_text` is true if the value becomes a part of a text. Often only the name of a record does.
fn inspect<'t>(code: &Code<'t>, call: &Call<'t>, node: Node<'t>, as_text: bool) -> Option<Found> {
    let (node, whole) = match code.call_at(node) {
        Some(inner)
            if matches!(inner.method, "stringify" | "dumps" | "inspect" | "toString")
                && !inner.arguments.is_empty() =>
        {
            (inner.arguments.first()?.value, true)
        }
        _ => (node, !as_text),
    };
    let text: String = code.text(node).split_whitespace().collect();
    if REQUESTS.contains(&text.as_str()) {
        return Some((Verdict::Broken, format!("the request (`{text}`)")));
    }
    let last = text.rsplit('.').next().unwrap_or(&text);
    if BODIES.contains(&text.as_str()) {
        let (verdict, what) = match response::source(code, call.node, &text) {
            None => (Verdict::LikelyBroken, "the body of a message"),
            Some(Response::Any) => (Verdict::LikelyBroken, "the body of a response"),
            Some(Response::Failed) => (Verdict::Review, "the body of a failed response"),
        };
        return Some((verdict, format!("{what} (`{text}`)")));
    }
    let go = code.file.language == Language::Go;
    let record = RECORDS.contains(&last)
        && matches!(
            node.kind(),
            "identifier" | "member_expression" | "attribute" | "selector_expression"
        );
    if record && whole && !go {
        return Some((Verdict::LikelyBroken, format!("the record `{text}`")));
    }
    // In Go a verb decides how much of a value is written.
    let verbose = call
        .arguments
        .first()
        .is_some_and(|format| mentions(code.text(format.value), &["%+v", "%#v"]));
    let content = matches!(
        text.as_str(),
        "req" | "request" | "r" | "in" | "msg" | "message"
    );
    if go && verbose && (record || content) {
        return Some((Verdict::LikelyBroken, format!("the whole of `{text}`")));
    }
    // Parameters with a message of a broker.
    let message = [
        "msg.content",
        "message.content",
        "message.value",
        "msg.value",
        "msg.Body",
        "d.Body",
        "msg.Value",
        "m.Value",
        "string(m.Value)",
        "string(msg.Value)",
        "string(d.Body)",
        "msg.Data",
        "string(msg.Data)",
    ];
    if message.iter().any(|form| text.starts_with(form)) {
        return Some((
            Verdict::Review,
            format!("the content of a message (`{text}`)"),
        ));
    }
    None
}
