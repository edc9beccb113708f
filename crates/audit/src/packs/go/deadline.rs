//! Contexts with an end: who cancels them, who uses them, and for how long.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go deadlines",
    reader: Reader::Code(&[Language::Go], read),
};

/// Methods that close something within a context.
const CLOSING: &[&str] = &[
    "Disconnect",
    "Close",
    "Shutdown",
    "Stop",
    "Flush",
    "ForceFlush",
    "Deregister",
];
const FUNCTIONS: &[&str] = &["function_declaration", "method_declaration"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module("context") {
        return;
    }
    for node in code.find_all(
        code.root,
        &["short_var_declaration", "assignment_statement"],
    ) {
        made(code, node, facts);
    }
    for call in code
        .calls
        .iter()
        .filter(|call| CLOSING.contains(&call.method))
    {
        closes_late(code, call, facts);
    }
}

/// The names on the left and the call on the right of `ctx, cancel := context.WithTimeout(…)`.
fn context_with<'t>(code: &Code<'t>, node: Node<'t>) -> Option<(&'t str, &'t str, Node<'t>)> {
    let (left, right) = (
        node.child_by_field_name("left")?,
        node.child_by_field_name("right")?,
    );
    let made = right.named_child(0)?;
    let text = code.text(made);
    let ends = ["WithTimeout(", "WithDeadline(", "WithCancel("]
        .iter()
        .any(|method| text.starts_with(&format!("context.{method}")));
    if !ends || left.named_child_count() != 2 {
        return None;
    }
    Some((
        code.text(left.named_child(0)?),
        code.text(left.named_child(1)?),
        made,
    ))
}

fn made<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let Some((context, cancel, call)) = context_with(code, node) else {
        return;
    };
    if context == "_" {
        show(
            code,
            facts,
            call,
            Practice::DeadResilience,
            Verdict::Broken,
            "the context with the deadline is not used, so no call has the deadline",
        );
        return;
    }
    if cancel == "_" {
        show(
            code,
            facts,
            call,
            Practice::LostCancel,
            Verdict::Broken,
            format!("the cancel function of `{context}` is ignored"),
        );
    } else {
        show(
            code,
            facts,
            call,
            Practice::LostCancel,
            Verdict::Kept,
            "the function that cancels the context is kept",
        );
    }
}

/// A cleanup function that runs at the end of the program within a context whose time began at the
/// start.
fn closes_late(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(context) = call
        .positional(0)
        .filter(|context| context.kind() == "identifier")
    else {
        return;
    };
    let Some(cleanup) = code.enclosing(call.node, &["func_literal"]) else {
        return;
    };
    // `defer func() { … }()` and `go func() { … }()` run within the function.
    let later = code.ancestors(cleanup).find(|around| {
        matches!(
            around.kind(),
            "defer_statement"
                | "go_statement"
                | "return_statement"
                | "short_var_declaration"
                | "assignment_statement"
                | "keyed_element"
        ) || FUNCTIONS.contains(&around.kind())
    });
    if later.is_none_or(|around| matches!(around.kind(), "defer_statement" | "go_statement")) {
        return;
    }
    let Some(function) = code.enclosing(cleanup, FUNCTIONS) else {
        return;
    };
    let name = code.text(context);
    let made = code
        .find_all(function, &["short_var_declaration"])
        .into_iter()
        .filter(|node| {
            node.end_byte() <= cleanup.start_byte() || node.start_byte() >= cleanup.end_byte()
        })
        .filter_map(|node| context_with(code, node))
        .find(|(own, _, call)| *own == name && !code.text(*call).contains("WithCancel"));
    if let Some((_, _, made)) = made {
        for node in [call.node, made] {
            show(
                code,
                facts,
                node,
                Practice::ShutdownContext,
                Verdict::Broken,
                format!(
                    "the cleanup uses `{name}`, whose deadline began at the start of the program"
                ),
            );
        }
    }
}
