//! Contexts with an end: who cancels them, who uses them, and for how long.

use std::collections::BTreeMap;

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

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
    let mut late: BTreeMap<usize, (&str, Vec<&Call<'_>>)> = BTreeMap::new();
    for call in code
        .calls
        .iter()
        .filter(|call| CLOSING.contains(&call.method))
    {
        if let Some((name, made)) = begun_early(code, call) {
            let (_, calls) = late.entry(made.start_byte()).or_insert((name, Vec::new()));
            calls.push(call);
        }
    }
    for (name, calls) in late.values() {
        closes_late(code, name, calls, facts);
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

/// Returns the context of a cleanup function that runs at the end of the program, if the time of
/// the context began at the start.
fn begun_early<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<(&'t str, Node<'t>)> {
    let context = call
        .positional(0)
        .filter(|context| context.kind() == "identifier")?;
    let name = code.text(context);
    let cleanup = code.enclosing(call.node, &["func_literal"])?;
    if binds(code, cleanup, call, name) {
        return None;
    }
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
    })?;
    if matches!(later.kind(), "defer_statement" | "go_statement") {
        return None;
    }
    let function = code.enclosing(cleanup, FUNCTIONS)?;
    code.find_all(function, &["short_var_declaration"])
        .into_iter()
        .filter(|node| {
            let scope = node.parent().map_or(0..0, |around| around.byte_range());
            scope.contains(&cleanup.start_byte())
                && (node.end_byte() <= cleanup.start_byte()
                    || node.start_byte() >= cleanup.end_byte())
        })
        // Another function literal creates the context when it runs.
        .filter(|node| {
            code.function_around(*node).is_none_or(|around| {
                around.kind() != "func_literal" || around.start_byte() < later.start_byte()
            })
        })
        .filter_map(|node| context_with(code, node))
        .find(|(own, _, made)| *own == name && !code.text(*made).contains("WithCancel"))
        .map(|(_, _, made)| (name, made))
}

/// Whether a function literal has a parameter or a variable with the name of the context.
fn binds<'t>(code: &Code<'t>, cleanup: Node<'t>, call: &Call<'t>, name: &str) -> bool {
    cleanup
        .child_by_field_name("parameters")
        .is_some_and(|parameters| count_word(code.text(parameters), name) > 0)
        || code
            .find_all(cleanup, &["short_var_declaration"])
            .into_iter()
            .filter(|node| node.end_byte() <= call.node.start_byte())
            .filter_map(|node| node.child_by_field_name("left"))
            .any(|left| count_word(code.text(left), name) > 0)
}

/// Reports one context once, at its first use. A pool that is disconnected too early aborts no
/// request.
fn closes_late(code: &Code<'_>, name: &str, calls: &[&Call<'_>], facts: &mut FactSink<'_>) {
    let Some(first) = calls.first() else {
        return;
    };
    let verdict = if calls.iter().all(|call| call.method == "Disconnect") {
        Verdict::Minor
    } else {
        Verdict::Broken
    };
    show(
        code,
        facts,
        first.node,
        Practice::ShutdownContext,
        verdict,
        format!("the cleanup uses `{name}`, whose deadline began at the start of the program"),
    );
}
