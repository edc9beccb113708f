//! Error handling in Node.js code.

use crate::model::FactSink;
use crate::packs::failure::{LimiterFailure, acknowledged, failed_making, makes_client};
use crate::packs::practice::mentions;
use crate::syntax::Code;
use tree_sitter::Node;

pub(super) fn limiter_failure<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    let passes = ["next()", "return true", "allowed: true"]
        .iter()
        .any(|form| text.contains(form));
    LimiterFailure {
        passes,
        rejects: mentions(
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
        ),
        said: text,
    }
    .record(code, caught, facts);
}

/// Errors that are logged and become a null, and messages acknowledged on failure.
pub(super) fn swallowed<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(caught);
    if makes_client(code.name_around(caught)) {
        let logs = mentions(text, &["console.", "logger.", "log."]);
        let returned = code.find_all(caught, &["return_statement"]);
        let value = returned.last().map_or("", |node| {
            code.text(*node)
                .trim_start_matches("return")
                .trim()
                .trim_end_matches(';')
        });
        let null = Some(value).filter(|value| logs && matches!(*value, "null" | "undefined"));
        let passes_on = text.contains("throw") || text.contains("process.exit");
        failed_making(code, caught, null, passes_on, facts);
    }
    let call = code.calls_within(caught).find(|call| {
        call.method == "ack"
            && mentions(
                call.receiver,
                &["channel", "ch", "msg", "message", "consumer"],
            )
    });
    if let Some(call) = call {
        acknowledged(code, caught, call, "", facts);
    }
}
