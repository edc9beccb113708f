//! Failures that Node.js code does not handle: unread JSON, error handlers with gaps, clients
//! that give up, publishers that return as if they had sent.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

const FUNCTIONS: &[&str] = &[
    "arrow_function",
    "function_expression",
    "function_declaration",
    "method_definition",
];

/// `JSON.parse` in a callback that no `try` and no promise guards.
pub(super) fn unread_json(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !call.is("JSON", "parse") {
        return;
    }
    let Some(argument) = call.positional(0) else {
        return;
    };
    if mentions(code.text(argument), &["stringify", "readfile"]) {
        return;
    }
    let Some(function) = code.enclosing(call.node, FUNCTIONS) else {
        return;
    };
    let guarded = code
        .ancestors(call.node)
        .take_while(|around| around.id() != function.id())
        .any(|around| around.kind() == "try_statement");
    let callback = function
        .parent()
        .filter(|list| list.kind() == "arguments")
        .and_then(|list| list.parent())
        .and_then(|around| code.call_at(around));
    let Some(callback) = callback else { return };
    let first = function
        .child_by_field_name("parameters")
        .and_then(|list| list.named_child(0))
        .or_else(|| function.child_by_field_name("parameter"))
        .map_or("", |first| code.text(first));
    let event = matches!(
        callback.method,
        "on" | "once" | "subscribe" | "consume" | "addListener"
    );
    let node_style = matches!(first, "err" | "error" | "e");
    if !(event || node_style) || code.text(function).starts_with("async") {
        return;
    }
    let (verdict, evidence) = if guarded {
        (Verdict::Kept, "a `try` guards `JSON.parse`")
    } else {
        (
            Verdict::LikelyBroken,
            "an error of `JSON.parse` in this callback ends the process",
        )
    };
    show(
        code,
        facts,
        call.node,
        Practice::UncheckedValue,
        verdict,
        evidence,
    );
}

/// An error handler of Express that responds to some errors and not to the others.
pub(super) fn error_handler(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.method != "use" {
        return;
    }
    for argument in &call.arguments {
        let handler = argument.value;
        let four = FUNCTIONS.contains(&handler.kind())
            && handler
                .child_by_field_name("parameters")
                .is_some_and(|list| list.named_child_count() == 4);
        let Some(body) = handler.child_by_field_name("body").filter(|_| four) else {
            continue;
        };
        let text = code.text(body);
        let mut cursor = body.walk();
        let statements: Vec<Node<'_>> = body
            .named_children(&mut cursor)
            .filter(|statement| !statement.kind().contains("comment"))
            .collect();
        let answers_always = statements.iter().any(|statement| {
            let text = code.text(*statement);
            let branches = statement.kind() == "if_statement"
                && statement.child_by_field_name("alternative").is_none();
            !branches
                && (text.contains("res.") || text.contains("next(") || text.contains("response."))
        });
        if answers_always || text.contains("next(") {
            show(
                code,
                facts,
                handler,
                Practice::ErrorResponse,
                Verdict::Kept,
                "the error handler responds to each error or passes it on",
            );
        } else {
            show(
                code,
                facts,
                handler,
                Practice::ErrorResponse,
                Verdict::Broken,
                "the error handler responds to some errors only, and other requests stay open",
            );
        }
    }
}

/// A retry strategy that gives up for good.
pub(super) fn gives_up(code: &Code<'_>, node: Node<'_>, facts: &mut FactSink<'_>) {
    let name = node
        .child_by_field_name("key")
        .or_else(|| node.child_by_field_name("name"))
        .map_or("", |key| code.text(key));
    if !matches!(
        name,
        "retry_strategy" | "retryStrategy" | "reconnectStrategy"
    ) {
        return;
    }
    for returned in code.find_all(node, &["return_statement"]) {
        let value = code
            .text(returned)
            .trim_start_matches("return")
            .trim()
            .trim_end_matches(';');
        let ends =
            value.starts_with("new Error") || matches!(value, "false" | "null" | "undefined" | "");
        if ends {
            show(
                code,
                facts,
                returned,
                Practice::ConnectRetry,
                Verdict::LikelyBroken,
                format!("`{name}` gives up here, and the client never connects again"),
            );
            return;
        }
    }
}

/// A function that sends a message, and returns on one of its ways without sending and without an
/// error.
pub(super) fn not_sent<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    name: &str,
    facts: &mut FactSink<'_>,
) {
    let lower = name.to_lowercase();
    let sends = ["send", "publish", "emit", "produce", "enqueue", "dispatch"]
        .iter()
        .any(|verb| lower.starts_with(verb))
        && mentions(
            &lower,
            &[
                "message", "event", "order", "queue", "publish", "notif", "mail", "job", "produce",
                "enqueue",
            ],
        );
    if !sends {
        return;
    }
    for returned in code.find_all(function, &["return_statement"]) {
        let value = code
            .text(returned)
            .trim_start_matches("return")
            .trim()
            .trim_end_matches(';');
        let own = code
            .enclosing(returned, FUNCTIONS)
            .is_some_and(|around| around.id() == function.id());
        let Some(block) = returned
            .parent()
            .filter(|block| block.kind() == "statement_block")
        else {
            continue;
        };
        let branch = block.id()
            != function
                .child_by_field_name("body")
                .map_or(0, |body| body.id());
        let mut cursor = block.walk();
        let logs = block
            .named_children(&mut cursor)
            .take_while(|statement| statement.id() != returned.id())
            .all(|statement| mentions(code.text(statement), &["log", "console."]));
        let some = block.named_child_count() > 1;
        if own && branch && logs && some && matches!(value, "" | "null" | "undefined") {
            show(
                code,
                facts,
                returned,
                Practice::DroppedMessage,
                Verdict::LikelyBroken,
                format!(
                    "`{name}` logs and returns without sending, and its caller assumes success"
                ),
            );
        }
    }
}

/// The functions of a file with the names under which they are called.
pub(super) fn senders(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for function in code.find_all(code.root, FUNCTIONS) {
        let named = function
            .child_by_field_name("name")
            .or_else(|| {
                let around = function.parent()?;
                match around.kind() {
                    "variable_declarator" => around.child_by_field_name("name"),
                    "pair" => around.child_by_field_name("key"),
                    // `fastify.decorate("sendMessage", async function () { … })`
                    "arguments" => around.named_child(0),
                    _ => None,
                }
            })
            .map_or("", |name| code.text(name))
            .trim_matches(['"', '\'', '`']);
        not_sent(code, function, named, facts);
    }
}
