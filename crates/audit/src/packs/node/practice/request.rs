//! Request text and errors in Node.js handlers.

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::packs::request::{Statement, answered_500};
use crate::syntax::{Call, Code};

pub(super) fn error(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if !matches!(call.method, "json" | "send")
        || ![
            ".status(500)",
            ".code(500)",
            "status || 500)",
            "statusCode || 500)",
            "status ?? 500)",
            "statusCode ?? 500)",
        ]
        .iter()
        .any(|end| call.receiver.ends_with(end))
    {
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
    let is_exposed = [
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
    // An error that is exposed only in development is neither kept nor broken.
    if !(is_exposed && guarded) {
        answered_500(code, call.node, is_exposed, facts);
    }
}

/// Expressions by which a handler gets what its caller sent.
const SOURCES: &[&str] = &[
    "req.query",
    "req.params",
    "req.body",
    "request.query",
    "request.params",
    "request.body",
    "ctx.query",
];

pub(super) fn sql(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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
    Statement {
        text: code.text(made),
        joined: matches!(made.kind(), "template_string" | "binary_expression"),
        sources: SOURCES,
    }
    .record(code, call.node, facts);
}

/// An async Express handler whose rejection is not handled.
pub(super) fn handler(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
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
                Practice::FloatingPromise,
                Verdict::Kept,
                "the handler catches its errors",
            );
        } else {
            show(
                code,
                facts,
                argument.value,
                Practice::FloatingPromise,
                Verdict::Broken,
                "an error in this async handler is an unhandled rejection",
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
            Practice::LazyStart,
            Verdict::Broken,
            "the first request connects to the database",
        );
    }
}
