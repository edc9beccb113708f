//! Error handling in Python code, and unused timeouts.

use crate::model::FactSink;
use crate::packs::failure::{
    LimiterFailure, Made, acknowledged, failed_making, made, makes_client,
};
use crate::packs::practice::{LIMITER_WORDS, mentions};
use crate::syntax::{Call, Code, count_word};
use tree_sitter::Node;

/// `timeout = httpx.Timeout(10)` inside a function, with a name that is not used.
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
    let unused = left.kind() == "identifier" && count_word(code.text(function), name) == 1;
    let became = if unused {
        Made::Unused(name)
    } else {
        Made::Used
    };
    made(code, call, &what, &became, facts);
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
        LimiterFailure {
            passes: text.contains("return await call_next(") || text.contains("return True"),
            rejects: mentions(text, &["503", "429", "raise", "return false"]),
            said: text,
        }
        .record(code, caught, facts);
    }
    if makes_client(name) {
        let logs = mentions(text, &["log.", "logger.", "logging.", "print("]);
        let null = (logs && text.contains("return None")).then_some("None");
        failed_making(code, caught, null, text.contains("raise"), facts);
    }
    let call = code.calls_within(caught).find(|call| {
        matches!(call.method, "basic_ack")
            || call.method == "ack" && mentions(call.receiver, &["message", "msg"])
    });
    if let Some(call) = call {
        acknowledged(code, caught, call, "", facts);
    }
}
