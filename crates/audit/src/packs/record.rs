//! Records and keys that a function reads, changes and writes back, in languages with a grammar.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::receiver::{Kind, Receivers};
use super::two_steps::{CANDIDATES, is_function};
use super::{PATH_LANGUAGES, Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::{Call, Code, count_word};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "records that are written back",
    reader: Reader::Code(PATH_LANGUAGES, read),
}];

/// Words of a function that keeps its record from parallel changes, in lower case.
const SAFE: &[&str] = &[
    "for update",
    "for_update",
    "forupdate",
    "pessimistic",
    "optimistic",
    "version",
    "lock",
    "serializable",
    "compareandset",
    "atomic",
    "watch(",
    "eval(",
    "script",
];
/// Prefixes of methods that read one record, in lower case.
const READS: &[&str] = &[
    "find", "get", "load", "fetch", "first", "one", "read", "scalar",
];
/// Prefixes of methods that write a record, in lower case.
const WRITES: &[&str] = &[
    "save", "update", "put", "replace", "merge", "persist", "store", "flush", "commit",
];
/// Methods of a client of keys that read a value, and that set it.
const GETS: &[&str] = &["get", "exists", "hget"];
/// Methods of a client of keys that remove a key and return whether it existed.
const REMOVES: &[&str] = &["del", "delete", "unlink", "hdel", "getdel"];
const SETS: &[&str] = &["set", "setex", "hset", "put", "hmset"];
/// Words of the names of clients of keys, in lower case.
const CACHES: &[&str] = &["redis", "rdb", "cache", "kv", "memcache"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production || mentions(&code.file.path, &["migrat", "seed"]) {
        return;
    }
    let receivers = Receivers::of(code);
    for function in code.find_all(code.root, CANDIDATES) {
        if !is_function(code, function) {
            continue;
        }
        for call in code.calls_within(function) {
            let Some(name) = bound(code, call) else {
                continue;
            };
            let method = call.method.to_lowercase();
            let evidence = if GETS.contains(&method.as_str()) && is_cache(&receivers, call) {
                key(code, function, call, name)
            } else if is_read(code, &method) && !is_cache(&receivers, call) {
                record(code, function, call, name)
            } else {
                None
            };
            let Some(evidence) = evidence else { continue };
            if mentions(code.text(function), SAFE) {
                break;
            }
            show(
                code,
                facts,
                call.node,
                Practice::SharedState,
                Verdict::Review,
                evidence,
            );
        }
    }
}

/// Go, JavaScript and TypeScript have their own check of records.
fn is_read(code: &Code<'_>, method: &str) -> bool {
    matches!(code.file.language, Language::Python | Language::Java)
        && READS.iter().any(|verb| method.starts_with(verb))
}

fn is_cache(receivers: &Receivers<'_>, call: &Call<'_>) -> bool {
    !call.receiver.is_empty()
        && (receivers.kind(call) == Some(Kind::KeyValue) || mentions(call.receiver, CACHES))
}

/// The variable that gets the result of a call: `a = call()`, `A a = call().orElseThrow()`.
pub(super) fn bound<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<&'t str> {
    let mut node = call.node;
    loop {
        let around = node.parent()?;
        match around.kind() {
            "await_expression"
            | "await"
            | "parenthesized_expression"
            | "as_expression"
            | "expression_list"
            | "attribute"
            | "member_expression"
            | "selector_expression"
            | "field_access"
            | "call"
            | "call_expression"
            | "method_invocation" => node = around,
            "variable_declarator"
            | "assignment"
            | "short_var_declaration"
            | "assignment_statement"
            | "assignment_expression" => {
                let left = around
                    .child_by_field_name("name")
                    .or_else(|| around.child_by_field_name("left"))?;
                // `_, err := cache.Get(…)` decides by the error.
                let mut names = code.text(left).split(',').map(str::trim);
                let name = names.find(|name| *name != "_")?;
                let plain = name
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '_');
                return plain.then_some(name);
            }
            _ => return None,
        }
    }
}

fn rest<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>) -> &'t str {
    code.file
        .text
        .get(call.node.end_byte()..function.end_byte())
        .unwrap_or_default()
}

/// A record whose field is changed, and that a later call writes.
fn record<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>, name: &str) -> Option<String> {
    let text = rest(code, function, call);
    let changed = changed_at(text, name)?;
    let from = call.node.end_byte() + changed;
    let written = code.calls_within(function).any(|write| {
        let method = write.method.to_lowercase();
        write.node.start_byte() >= from
            && WRITES.iter().any(|verb| method.starts_with(verb))
            && (method == "commit"
                || method == "flush"
                || write.receiver == name
                || write
                    .arguments
                    .iter()
                    .any(|argument| count_word(code.text(argument.value), name) > 0))
    });
    written.then(|| {
        format!(
            "`{}` reads a record that is changed and written back, so a parallel change is lost",
            call.method
        )
    })
}

/// Fields whose new value depends on the old one, or that decide about later steps.
const STATE: &[&str] = &[
    "status",
    "state",
    "stock",
    "quantity",
    "qty",
    "balance",
    "count",
    "amount",
    "available",
    "used",
    "remaining",
    "points",
    "credit",
    "total",
    "seats",
    "version",
    "paid",
];

/// The place of a change of a state or a number of a variable: `a.stock = …`, `a.setStock(…)`.
fn changed_at(text: &str, name: &str) -> Option<usize> {
    let own = format!("{name}.");
    text.match_indices(&own).find_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.')) {
            return None;
        }
        let after = text.get(at + own.len()..)?;
        let end = after
            .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
            .unwrap_or(after.len());
        let (field, after) = after.split_at(end);
        let after = after.trim_start();
        let assigned = (after.starts_with('=') && !after.starts_with("=="))
            || after.starts_with("+=")
            || after.starts_with("-=");
        let set = field.starts_with("set") && after.starts_with('(');
        ((assigned || set) && mentions(field, STATE)).then_some(at)
    })
}

/// A key that is read and then set by the same client, with a value that depends on the read one,
/// or with a literal that marks it.
fn key<'t>(code: &Code<'t>, function: Node<'t>, call: &Call<'t>, name: &str) -> Option<String> {
    let own = argument(code, call, 0, keys_start(code))?;
    if let Some(removal) = removed(code, function, call, name, own) {
        return Some(removal);
    }
    let set = code.calls_within(function).find(|set| {
        set.node.start_byte() >= call.node.end_byte()
            && SETS.contains(&set.method.to_lowercase().as_str())
            && set.receiver == call.receiver
            && argument(code, set, 0, keys_start(code)) == Some(own)
    })?;
    let value = argument(code, set, 1, keys_start(code))?;
    let literal =
        value.starts_with(['\'', '"', '`']) || value.parse::<i64>().is_ok() || value == "true";
    let between = code
        .file
        .text
        .get(call.node.end_byte()..set.node.start_byte())
        .unwrap_or_default();
    (literal || count_word(value, name) > 0 || is_derived(between, name, value)).then(|| {
        format!(
            "`{}` and `{}` are two steps, so two parallel requests read the same value",
            call.method, set.method
        )
    })
}

/// A key whose value decides about a step, and that a later call removes without reading how many
/// keys it removed.
fn removed<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    call: &Call<'t>,
    name: &str,
    key: &str,
) -> Option<String> {
    let removal = code.calls_within(function).find(|removal| {
        removal.node.start_byte() >= call.node.end_byte()
            && REMOVES.contains(&removal.method.to_lowercase().as_str())
            && removal.receiver == call.receiver
            && argument(code, removal, 0, keys_start(code)) == Some(key)
            && bound(code, removal).is_none_or(|name| name == "err")
    })?;
    let between = code
        .file
        .text
        .get(call.node.end_byte()..removal.node.start_byte())
        .unwrap_or_default();
    let decides = between
        .lines()
        .any(|line| line.trim_start().starts_with("if") && count_word(line, name) > 0);
    decides.then(|| {
        format!(
            "`{}` decides, and `{}` removes the key later, so two parallel requests both pass",
            call.method, removal.method
        )
    })
}

/// Whether a value contains a variable that a line computes from another one.
fn is_derived(text: &str, name: &str, value: &str) -> bool {
    text.lines().any(|line| {
        let Some((left, right)) = line.split_once('=') else {
            return false;
        };
        let target = left.trim_end_matches([' ', ':', '+', '-']);
        let target = target.rsplit([' ', '\t']).next().unwrap_or_default();
        !target.is_empty()
            && target
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
            && count_word(right, name) > 0
            && count_word(value, target) > 0
    })
}

/// The number of arguments before the key: Go passes a context first.
const fn keys_start(code: &Code<'_>) -> usize {
    match code.file.language {
        Language::Go => 1,
        _ => 0,
    }
}

fn argument<'t>(code: &Code<'t>, call: &Call<'t>, index: usize, skip: usize) -> Option<&'t str> {
    call.positional(index + skip).map(|value| code.text(value))
}

#[cfg(test)]
mod tests {
    use super::{changed_at, is_derived};

    #[test]
    fn a_value_is_derived_through_one_variable() {
        let text = "int next = used == null ? 1 : parse(used) + 1;";
        assert!(is_derived(text, "used", "String.valueOf(next)"));
        assert!(!is_derived("x = load()", "used", "x"));
    }

    #[test]
    fn a_change_of_a_state_is_found() {
        assert_eq!(changed_at("order.status = PAID", "order"), Some(0));
        assert_eq!(changed_at("x; item.setStock(3)", "item"), Some(3));
        assert_eq!(changed_at("order.status == PAID", "order"), None);
        assert_eq!(changed_at("order.name = name", "order"), None);
        assert_eq!(changed_at("reorder.status = 1", "order"), None);
    }
}
