//! Paths through a function on which it does not release a resource: a connection, a session,
//! a lock.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::{PATH_LANGUAGES, Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "paths of functions",
    reader: Reader::Code(PATH_LANGUAGES, read),
}];

/// Methods that release a resource, in lower case.
const RELEASES: &[&str] = &[
    "close",
    "quit",
    "release",
    "disconnect",
    "endsession",
    "dispose",
    "destroy",
    "logout",
];
/// Methods that release a lock, and the methods that acquire it, in lower case.
const LOCKS: &[(&str, &[&str])] = &[
    ("unlock", &["lock", "trylock", "acquire", "setnx"]),
    ("release", &["acquire", "obtain", "tryacquire", "lock"]),
    (
        "releaselock",
        &["acquirelock", "lock", "trylock", "getlock"],
    ),
    ("release_lock", &["acquire_lock", "lock"]),
];
/// Nodes that run when a function ends in any way.
const ALWAYS: &[&str] = &[
    "finally_clause",
    "defer_statement",
    "with_statement",
    "try_with_resources_statement",
];
/// Nodes that run after a failure only.
const AFTER_FAILURE: &[&str] = &["except_clause", "catch_clause"];
/// Statements that bind a name to a value.
const BINDINGS: &[&str] = &[
    "short_var_declaration",
    "assignment_statement",
    "variable_declarator",
    "assignment_expression",
    "assignment",
];
/// Nodes whose children are statements.
const BODIES: &[&str] = &["block", "statement_block", "statement_list"];
/// Variables that are not closed in the function that makes them, because another one uses them.
const KEPT: &[&str] = &["self.", "this.", "[", "."];
/// Calls that do not fail in practice.
const HARMLESS: &[&str] = &["log", "print", "console", "len", "str", "append"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production {
        return;
    }
    for call in &code.calls {
        let method = call.method.to_lowercase();
        let taken = if RELEASES.contains(&method.as_str()) && is_variable(call.receiver) {
            taken_by_binding(code, call)
        } else {
            None
        };
        let taken = taken.or_else(|| taken_by_lock(code, call, &method));
        let Some(taken) = taken else { continue };
        if let Some(at) = skipped(code, call, taken) {
            let name = call.receiver.rsplit('.').next().unwrap_or_default();
            show(
                code,
                facts,
                at,
                Practice::Leak,
                Verdict::Guess,
                format!(
                    "a failure before `{}.{}` skips it, so what `{name}` took stays taken",
                    call.receiver, call.method
                ),
            );
        }
    }
}

fn is_variable(receiver: &str) -> bool {
    let base = receiver.strip_suffix(".Body").unwrap_or(receiver);
    !base.is_empty() && base != "this" && base != "self" && !mentions(base, KEPT)
}

/// The statement of the same function that binds the released variable to the result of a call.
fn taken_by_binding<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<Node<'t>> {
    let function = code.function_around(call.node)?;
    let name = call.receiver.strip_suffix(".Body").unwrap_or(call.receiver);
    code.find_all(function, BINDINGS)
        .into_iter()
        .rfind(|binding| {
            let left = ["left", "name"]
                .iter()
                .find_map(|field| binding.child_by_field_name(field));
            let right = ["right", "value"]
                .iter()
                .find_map(|field| binding.child_by_field_name(field));
            let first = left.map_or("", |left| code.text(left));
            let first = first.split(',').next().unwrap_or_default().trim();
            binding.end_byte() <= call.node.start_byte()
                && first == name
                && right.is_some_and(|right| code.calls_within(right).next().is_some())
                && code.function_around(*binding).map(|around| around.id()) == Some(function.id())
        })
}

/// The call on the same receiver that takes the lock.
fn taken_by_lock<'t>(code: &Code<'t>, call: &Call<'t>, method: &str) -> Option<Node<'t>> {
    let (_, takes) = LOCKS.iter().find(|(gives, _)| *gives == method)?;
    let function = code.function_around(call.node)?;
    code.calls_within(function)
        .take_while(|other| other.node.start_byte() < call.node.start_byte())
        .filter(|other| {
            takes.contains(&other.method.to_lowercase().as_str())
                && other.receiver == call.receiver
                && code.function_around(other.node).map(|around| around.id()) == Some(function.id())
        })
        .last()
        .map(|other| other.node)
}

/// The place at which a path through the function leaves out a release: a `return` of Go, or the
/// statement that takes the resource.
fn skipped<'t>(code: &Code<'t>, call: &Call<'t>, taken: Node<'t>) -> Option<Node<'t>> {
    let function = code.function_around(call.node)?;
    let go = code.file.language == Language::Go;
    let inside = |kinds: &[&str]| {
        code.ancestors(call.node)
            .take_while(|around| around.id() != function.id())
            .find(|around| kinds.contains(&around.kind()))
    };
    // The deferred call counts from its statement on.
    let until = match inside(ALWAYS) {
        Some(deferred) if deferred.kind() == "defer_statement" => deferred.start_byte(),
        Some(_) => return None,
        None => call.node.start_byte(),
    };
    if inside(AFTER_FAILURE).is_some() {
        return None;
    }
    // Another release of the same variable covers the other path.
    let releases = code
        .calls_within(function)
        .filter(|other| other.method == call.method && other.receiver == call.receiver)
        .count();
    if releases > 1 {
        return None;
    }
    let from = checked_until(code, function, taken);
    if go {
        return code
            .find_all(function, &["return_statement"])
            .into_iter()
            .find(|leaves| {
                leaves.start_byte() >= from
                    && leaves.end_byte() <= until
                    && code.function_around(*leaves).map(|around| around.id())
                        == Some(function.id())
            });
    }
    let fails = code.calls_within(function).any(|other| {
        other.node.start_byte() >= from
            && other.node.end_byte() <= until
            && !mentions(other.receiver, HARMLESS)
            && !HARMLESS.contains(&other.method)
    });
    let yields = code
        .find_all(function, &["yield"])
        .into_iter()
        .any(|node| node.start_byte() >= from && node.end_byte() <= until);
    (fails || yields).then_some(taken)
}

/// The end of the statement that takes the resource, with the check of its failure.
fn checked_until<'t>(code: &Code<'t>, function: Node<'t>, taken: Node<'t>) -> usize {
    let mut statement = taken;
    for around in code.ancestors(taken) {
        if around.id() == function.id() || BODIES.contains(&around.kind()) {
            break;
        }
        statement = around;
    }
    // `if err != nil { return err }`, `if (!client) throw …`
    match statement.next_named_sibling() {
        Some(check)
            if check.kind() == "if_statement"
                && statement.kind() != "if_statement"
                && (code.file.language == Language::Go || !code.text(check).contains("else")) =>
        {
            let text = code.text(check);
            let head = text.lines().next().unwrap_or_default();
            if mentions(head, &["err", "!", "nil", "null", "none", "ok"]) {
                check.end_byte()
            } else {
                statement.end_byte()
            }
        }
        _ => statement.end_byte(),
    }
}
