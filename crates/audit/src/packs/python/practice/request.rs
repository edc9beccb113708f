//! Request text and errors in Python handlers.

use crate::model::FactSink;
use crate::packs::request::{Statement, answered_500};
use crate::syntax::{Call, Code};

/// Expressions by which a handler gets what its caller sent.
const SOURCES: &[&str] = &[
    "request.args",
    "request.form",
    "request.json",
    "request.GET",
    "request.POST",
    "request.query_params",
];

/// Forms in which an answer carries the error that was caught.
const EXPOSED: &[&str] = &["str(e)", "str(err)", "str(exc)", "{e}", "{str(e)}", "{exc}"];

pub(super) fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(call.method, "execute" | "executemany" | "raw") {
        return;
    }
    let Some(statement) = call.positional(0) else {
        return;
    };
    let made = code.follow(statement);
    let text = code.text(made);
    Statement {
        text,
        joined: (made.kind() == "string" && text.starts_with(['f', 'F']))
            || text.contains(".format(")
            || made.kind() == "binary_operator",
        sources: SOURCES,
    }
    .record(code, call.node, facts);
}

pub(super) fn error(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let text = code.text(call.node);
    let status = call
        .keyword("status_code")
        .or_else(|| call.positional(0))
        .map_or("", |status| code.text(status));
    let inner = call.is("", "HTTPException")
        && (status == "500" || status.ends_with("HTTP_500_INTERNAL_SERVER_ERROR"));
    let traceback =
        matches!(call.method, "JSONResponse" | "jsonify") && text.contains("traceback.format_exc");
    if traceback || inner {
        let is_exposed = traceback || EXPOSED.iter().any(|mark| text.contains(mark));
        answered_500(code, call.node, is_exposed, facts);
    }
}
