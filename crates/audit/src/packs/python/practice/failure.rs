//! What Python code does with an error that it catches, and timeouts that it never uses.

use crate::model::FactSink;
use crate::model::facts::{Topic, Verdict};
use crate::packs::practice::{LIMITER_WORDS, mentions, show};
use crate::syntax::{Call, Code, count_word};
use tree_sitter::Node;

/// `timeout = httpx.Timeout(10)` inside a function, named nowhere else.
pub(super) fn unused(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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

pub(super) fn except<'t>(
    code: &Code<'t>,
    caught: Node<'t>,
    limits: bool,
    facts: &mut FactSink<'_>,
) {
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
