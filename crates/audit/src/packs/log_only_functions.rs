//! Functions that promise an effect, and whose statements only log, wait or return.

use tree_sitter::Node;

use super::flow::function_name;
use super::practice::{mentions, show};
use super::two_steps::{CANDIDATES, is_function};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "functions without an effect",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
            Language::Java,
            Language::Kotlin,
        ],
        read,
    ),
}];

/// First words of names of functions that promise an effect, in lower case.
const VERBS: &[&str] = &[
    "send", "notify", "deliver", "charge", "pay", "refund", "publish", "emit", "process", "handle",
    "consume", "save", "store", "sync", "create", "delete", "update", "on", "dispatch", "mail",
    "schedule", "transfer", "reserve", "cancel", "bill", "invoice",
];
/// Words of the names of functions that report something, and of test objects.
const OTHER: &[&str] = &[
    "error",
    "log",
    "exception",
    "debug",
    "mock",
    "fake",
    "noop",
    "connect",
    "close",
    "open",
    "shutdown",
    "start",
    "message_sent",
    "ready",
    "delivery",
    "success",
    "failure",
    "complete",
    "rebalance",
    "metric",
    "event_emitter",
    "destroy",
    "init",
];
/// Starts of statements that log, in lower case.
const LOGS: &[&str] = &[
    "console.",
    "log.",
    "logger.",
    "this.logger.",
    "self.logger.",
    "logging.",
    "print(",
    "println(",
    "fmt.print",
    "slog.",
    "system.out.",
    "zap.",
    "logrus.",
];
/// Parts of statements that only wait, in lower case.
const WAITS: &[&str] = &[
    "settimeout(",
    "time.sleep(",
    "asyncio.sleep(",
    "thread.sleep(",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production || mentions(&code.file.path, OTHER) {
        return;
    }
    if matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    ) {
        subscriptions(code, facts);
    }
    for function in code.find_all(code.root, CANDIDATES) {
        if !is_function(code, function) {
            continue;
        }
        let name = function_name(code, function);
        let lower = name.trim_start_matches('_').to_lowercase();
        let verb = VERBS.iter().find(|verb| lower.starts_with(**verb));
        let Some(verb) = verb.filter(|_| !mentions(&lower, OTHER)) else {
            continue;
        };
        // `once` and `online` do not begin with the word `on`.
        let word = name
            .trim_start_matches('_')
            .get(verb.len()..)
            .is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(|letter: char| !letter.is_ascii_lowercase())
            });
        if !word || mentions(owner(code, function), OTHER) {
            continue;
        }
        if only_logs(code, function) {
            show(
                code,
                facts,
                function,
                Practice::Stub,
                Verdict::Review,
                format!("`{name}` only logs, so its callers assume an effect that does not happen"),
            );
        }
    }
}

/// Methods that register a handler of messages.
const SUBSCRIPTIONS: &[&str] = &["consume", "subscribe", "process", "addListener"];

/// Handlers of messages without a name: `channel.consume('orders', async (message) => { … })`.
fn subscriptions(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        if !SUBSCRIPTIONS.contains(&call.method) {
            continue;
        }
        for argument in &call.arguments {
            let handler = argument.value;
            if matches!(handler.kind(), "arrow_function" | "function_expression")
                && only_logs(code, handler)
            {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::Stub,
                    Verdict::Review,
                    format!(
                        "the handler of `{}` only logs and acknowledges the message",
                        call.method
                    ),
                );
            }
        }
    }
}

/// The name of the class, or the type of the receiver in Go.
fn owner<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    function
        .child_by_field_name("receiver")
        .or_else(|| {
            code.enclosing(function, &["class_declaration", "class_definition"])?
                .child_by_field_name("name")
        })
        .map_or("", |name| code.text(name))
}

/// Whether each statement of a function logs, waits or returns a constant, and one of them logs.
fn only_logs<'t>(code: &Code<'t>, function: Node<'t>) -> bool {
    let Some(body) = function.child_by_field_name("body") else {
        return false;
    };
    let mut body = body;
    // The grammar of Go wraps the statements of a block.
    while body.named_child_count() == 1
        && let Some(only) = body.named_child(0)
        && only.kind() == "statement_list"
    {
        body = only;
    }
    let mut logs = false;
    let mut cursor = body.walk();
    for statement in body.named_children(&mut cursor) {
        let text = code.text(statement).trim().to_lowercase();
        let text = text.trim_start_matches("await ");
        if statement.kind().contains("comment") || text.starts_with(['"', '\'']) {
            continue;
        }
        if LOGS.iter().any(|start| text.starts_with(start)) {
            logs = true;
            continue;
        }
        // `channel.ack(message)`, `if (!message) return;`.
        let settles = text.len() < MAX_WAIT
            && (text.contains(".ack(") || text.starts_with("if") && text.contains("return"));
        if settles {
            continue;
        }
        let waits = text.len() < MAX_WAIT && WAITS.iter().any(|wait| text.contains(wait));
        let returns = text.starts_with("return") && !text.contains('(');
        if !waits && !returns && text != "pass" {
            return false;
        }
    }
    logs
}

/// Maximum length of a statement that only waits.
const MAX_WAIT: usize = 120;
