//! Requests in Go handlers: context, bodies, errors, claims, SQL.

mod sql;

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::{mentions, show};
use crate::packs::request::answered_500;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};
use sql::sql;

pub(super) const PACK: Pack = Pack {
    name: "Go requests",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        context(code, call, facts);
        body(code, call, facts);
        internal_error(code, call, facts);
        sql(code, call, facts);
    }
    for assertion in code.find_all(code.root, &["type_assertion_expression"]) {
        claim(code, assertion, facts);
    }
}

/// `context.Background()` below a handler.
fn context(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.receiver != "context" || !matches!(call.method, "Background" | "TODO") {
        return;
    }
    let Some(function) = code.enclosing(call.node, &["function_declaration", "method_declaration"])
    else {
        return;
    };
    let name = code.name_around(call.node);
    if mentions(
        name,
        &[
            "main",
            "run",
            "start",
            "stop",
            "close",
            "shutdown",
            "serve",
            "listen",
            "init",
            "new",
            "background",
            "async",
            "worker",
            "loop",
        ],
    ) {
        return;
    }
    // A goroutine, a deferred call and a context with its own end are meant to outlive the request.
    if code
        .enclosing(
            call.node,
            &["go_statement", "defer_statement", "func_literal"],
        )
        .is_some()
    {
        return;
    }
    let wrapped = code
        .ancestors(call.node)
        .find(|node| node.kind() == "call_expression");
    if wrapped.is_some_and(|around| {
        code.text(around).starts_with("context.With") || code.text(around).contains("Notify")
    }) {
        return;
    }
    let Some(parameters) = function
        .child_by_field_name("parameters")
        .map(|parameters| code.text(parameters))
    else {
        return;
    };
    // A test of a missing context is a fallback, not a loss.
    if code
        .enclosing(call.node, &["if_statement"])
        .is_some_and(|branch| {
            branch
                .child_by_field_name("condition")
                .is_some_and(|condition| code.text(condition).contains("nil"))
        })
    {
        return;
    }
    if [
        "*http.Request",
        "*gin.Context",
        "echo.Context",
        "*fiber.Ctx",
    ]
    .iter()
    .any(|kind| parameters.contains(kind))
    {
        show(
            code,
            facts,
            call.node,
            Practice::RequestContext,
            Verdict::LikelyBroken,
            format!(
                "`{name}` has a request, but uses `context.{}()`",
                call.method
            ),
        );
    } else if parameters.contains("context.Context") {
        show(
            code,
            facts,
            call.node,
            Practice::RequestContext,
            Verdict::Minor,
            format!(
                "`{name}` has a context parameter, but uses `context.{}()`",
                call.method
            ),
        );
    }
}

fn body(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.is("http", "MaxBytesReader") || call.is("http", "MaxBytesHandler") {
        show(
            code,
            facts,
            call.node,
            Practice::UnboundedBody,
            Verdict::Kept,
            "the body size is limited here",
        );
        return;
    }
    if !matches!((call.receiver, call.method), ("io" | "ioutil", "ReadAll")) {
        return;
    }
    let handles = code
        .enclosing(
            call.node,
            &["function_declaration", "method_declaration", "func_literal"],
        )
        .and_then(|function| function.child_by_field_name("parameters"))
        .is_some_and(|parameters| {
            let parameters = code.text(parameters);
            parameters.contains("*http.Request")
                || parameters.contains("*gin.Context")
                || parameters.contains("echo.Context")
        });
    if code.name_around(call.node) == "RoundTrip" {
        return;
    }
    let Some(argument) = call.positional(0) else {
        return;
    };
    let source = code.text(code.follow(argument));
    if source.starts_with("io.LimitReader") || source.starts_with("http.MaxBytesReader") {
        show(
            code,
            facts,
            call.node,
            Practice::UnboundedBody,
            Verdict::Kept,
            "the body is read up to a limit",
        );
        return;
    }
    let request = matches!(
        source,
        "r.Body"
            | "req.Body"
            | "request.Body"
            | "c.Request.Body"
            | "ctx.Request.Body"
            | "c.Request().Body"
    );
    let request = request || source.contains("Request");
    if source.ends_with(".Body") && !request {
        show(
            code,
            facts,
            call.node,
            Practice::UnboundedBody,
            Verdict::Minor,
            format!("`{source}`, the response of another service, is read without a size limit"),
        );
        return;
    }
    if !request || !handles {
        return;
    }
    if code.file.text.contains("MaxBytes") || code.file.text.contains("LimitReader") {
        show(
            code,
            facts,
            call.node,
            Practice::UnboundedBody,
            Verdict::Kept,
            "the file limits the body size",
        );
    } else {
        show(
            code,
            facts,
            call.node,
            Practice::UnboundedBody,
            Verdict::LikelyBroken,
            format!("`{source}` is read without a size limit"),
        );
    }
}

fn internal_error(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    // A command that opens a browser answers the person who started it.
    if code
        .imports
        .iter()
        .any(|import| import.path.contains("browser"))
    {
        return;
    }
    let text = code.text(call.node);
    let status = |at: usize| {
        call.positional(at)
            .map(|status| code.text(status))
            .is_some_and(|status| matches!(status, "500" | "http.StatusInternalServerError"))
    };
    let is_exposed = text.contains("err.Error()") || text.contains("fmt.Sprintf(\"%v\", err)");
    match (call.receiver, call.method) {
        ("http", "Error") if status(2) => answered_500(code, call.node, is_exposed, facts),
        ("c" | "ctx" | "context", "JSON" | "String" | "AbortWithStatusJSON" | "IndentedJSON")
            if is_exposed && status(0) =>
        {
            answered_500(code, call.node, true, facts);
        }
        _ if is_exposed && writes_after_500(code, call) => {
            answered_500(code, call.node, true, facts);
        }
        _ => {}
    }
}

/// Maximum number of statements between setting the status and writing the text.
const LOOK_BACK: usize = 4;

/// `w.Write([]byte(…))`, `fmt.Fprintf(w, …)` or `io.WriteString(w, …)` after `w.WriteHeader(500)`
/// in the same block.
fn writes_after_500(code: &Code<'_>, call: &Call<'_>) -> bool {
    let writer = match (call.receiver, call.method) {
        ("fmt", "Fprint" | "Fprintf" | "Fprintln") | ("io", "WriteString") => {
            call.positional(0).map_or("", |writer| code.text(writer))
        }
        (writer, "Write" | "WriteString") => writer,
        _ => return false,
    };
    // The call may be in `_, err := …` or in `if _, err := …; err != nil`.
    let Some(statement) = code.ancestors(call.node).find(|node| {
        node.parent()
            .is_some_and(|parent| matches!(parent.kind(), "block" | "statement_list"))
    }) else {
        return false;
    };
    let header = format!("{writer}.WriteHeader(");
    let mut before = statement.prev_named_sibling();
    for _ in 0..LOOK_BACK {
        let Some(earlier) = before else { break };
        if let Some(status) = code.text(earlier).strip_prefix(&header) {
            return matches!(
                status.trim_end_matches(')'),
                "500" | "http.StatusInternalServerError"
            );
        }
        before = earlier.prev_named_sibling();
    }
    false
}

/// `claims["sub"].(string)` without `ok`.
fn claim<'t>(code: &Code<'t>, assertion: Node<'t>, facts: &mut FactSink<'_>) {
    let Some(operand) = assertion.child_by_field_name("operand") else {
        return;
    };
    if operand.kind() != "index_expression" || !mentions(code.text(operand), &["claims["]) {
        return;
    }
    let checked = code
        .enclosing(
            assertion,
            &["short_var_declaration", "assignment_statement", "var_spec"],
        )
        .and_then(|statement| {
            statement
                .child_by_field_name("left")
                .or_else(|| statement.child_by_field_name("name"))
        })
        .is_some_and(|left| left.named_child_count() == 2);
    if checked {
        show(
            code,
            facts,
            assertion,
            Practice::UncheckedClaim,
            Verdict::Kept,
            "the type of the claim is checked",
        );
    } else {
        show(
            code,
            facts,
            assertion,
            Practice::UncheckedClaim,
            Verdict::Broken,
            "the type of the claim is asserted without a check, so another type panics",
        );
    }
}
