//! Concurrent maps (`DashMap`): entries that are checked and then written in two steps, and guards
//! that block a task.

use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::Node;

use super::program::in_tests;
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "concurrent maps of Rust",
    reader: Reader::Code(&[Language::Rust], read),
};

/// Fields and variables with the type of a concurrent map.
static MAP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?P<name>\w+)\s*:\s*(?:Arc<)?(?:dashmap::)?DashMap<").ok());

/// Methods that look an entry up without a guard on what follows.
const LOOKUPS: &[&str] = &["contains_key", "len", "get", "is_empty"];
/// Methods that lock a part of the map.
const LOCKING: &[&str] = &["remove", "insert", "get_mut", "entry", "retain", "clear"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let text: &str = &code.file.text;
    let Some(map) = MAP.as_ref().filter(|_| text.contains("DashMap")) else {
        return;
    };
    let names: Vec<&str> = map
        .captures_iter(text)
        .filter_map(|captures| Some(captures.name("name")?.as_str()))
        .collect();
    for function in code.find_all(code.root, &["function_item"]) {
        if in_tests(code, function) {
            continue;
        }
        for name in &names {
            two_steps(code, function, name, facts);
            emptied(code, function, name, facts);
        }
    }
    for node in code.find_all(code.root, &["for_expression"]) {
        iterated(code, node, &names, facts);
    }
    for node in code.find_all(code.root, &["if_expression", "match_expression"]) {
        guarded(code, node, &names, facts);
    }
}

/// Whether a call is a method of a map: `self.users.get(…)`.
fn is_of(call: &Call<'_>, name: &str) -> bool {
    call.receiver.rsplit('.').next() == Some(name)
}

/// A look-up decides, and a later statement of the function inserts.
fn two_steps<'t>(code: &Code<'t>, function: Node<'t>, name: &str, facts: &mut FactSink<'_>) {
    let calls: Vec<_> = code
        .calls_within(function)
        .filter(|call| is_of(call, name))
        .collect();
    let own = |call: &&&Call<'_>| LOOKUPS.contains(&call.method);
    let direct = calls.iter().find(own).map(|call| call.node);
    // `self.get(id)?` of the same object reads the only map of a small store.
    let indirect = code
        .calls_within(function)
        .find(|call| call.receiver == "self" && call.method == "get")
        .map(|call| call.node);
    let Some(lookup) = direct.or(indirect) else {
        return;
    };
    let insert = calls
        .iter()
        .find(|call| call.method == "insert" && call.node.start_byte() > lookup.end_byte());
    if let Some(insert) = insert {
        let evidence = format!(
            "`{name}` is read, and a later call of `{}` writes it, so parallel calls both pass",
            insert.method
        );
        report(code, lookup, evidence, facts);
    }
}

/// `drop(guard)` and then `remove`: another task may have added an entry in between.
fn emptied<'t>(code: &Code<'t>, function: Node<'t>, name: &str, facts: &mut FactSink<'_>) {
    let text = code.text(function);
    if !text.contains("drop(") {
        return;
    }
    let calls: Vec<_> = code.calls_within(function).collect();
    for (at, call) in calls.iter().enumerate() {
        let dropped = at.checked_sub(1).and_then(|before| calls.get(before));
        if call.method == "remove"
            && is_of(call, name)
            && dropped.is_some_and(|before| before.method == "drop" && before.receiver.is_empty())
        {
            let evidence = format!(
                "`{name}.remove` follows the end of the guard, so it deletes an entry that was added in between"
            );
            report(code, call.node, evidence, facts);
        }
    }
}

/// A loop over a map that changes the same map.
fn iterated<'t>(code: &Code<'t>, node: Node<'t>, names: &[&str], facts: &mut FactSink<'_>) {
    let Some(over) = node.child_by_field_name("value") else {
        return;
    };
    let over = code.text(over);
    let Some(body) = node.child_by_field_name("body") else {
        return;
    };
    for name in names {
        let iterates = ["iter()", "iter_mut()"]
            .iter()
            .any(|end| over.ends_with(&format!("{name}.{end}")));
        let changed = code
            .calls_within(body)
            .find(|call| iterates && is_of(call, name) && LOCKING.contains(&call.method));
        if let Some(changed) = changed {
            let evidence = format!(
                "`{name}.{}` waits for the lock that the loop over `{name}` holds",
                changed.method
            );
            report(code, changed.node, evidence, facts);
        }
    }
}

/// `if let Some(guard) = self.users.get(…) { … .await }`.
fn guarded<'t>(code: &Code<'t>, node: Node<'t>, names: &[&str], facts: &mut FactSink<'_>) {
    let condition = node
        .child_by_field_name("condition")
        .filter(|condition| condition.kind() == "let_condition")
        .or_else(|| node.child_by_field_name("value"));
    let body = node
        .child_by_field_name("consequence")
        .or_else(|| node.child_by_field_name("body"));
    let (Some(condition), Some(body)) = (condition, body) else {
        return;
    };
    let waits = code.find_all(body, &["await_expression"]).first().copied();
    let Some(waits) = waits.filter(|_| !in_tests(code, node)) else {
        return;
    };
    let held = names.iter().any(|name| {
        code.calls_within(condition)
            .any(|call| is_of(call, name) && matches!(call.method, "get" | "get_mut"))
            && !code.text(condition).contains(".clone()")
            && !code.text(condition).contains(".map(")
    });
    if held {
        let evidence = "a guard of a concurrent map is held during `.await`, so other tasks may block a thread";
        report(code, waits, evidence.to_owned(), facts);
    }
}

fn report<'t>(code: &Code<'t>, node: Node<'t>, evidence: String, facts: &mut FactSink<'_>) {
    show(
        code,
        facts,
        node,
        Practice::SharedState,
        Verdict::Review,
        evidence,
    );
}
