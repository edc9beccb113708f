//! What a handler of Python does with the text of its caller and with its own errors.

use crate::model::FactSink;
use crate::model::facts::{Topic, Verdict};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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
