//! The first element of a list of records that may be empty, and lists that are compared with null.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::record::bound;
use super::two_steps::{CANDIDATES, is_function};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "first elements of lists",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
        ],
        read,
    ),
}];

/// Methods that return a list of records.
const LISTS: &[&str] = &[
    "filter", "all", "findAll", "findMany", "query", "fetchall", "find_all", "scan", "keys",
    "list", "select", "where", "search",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production {
        return;
    }
    for function in code.find_all(code.root, CANDIDATES) {
        if !is_function(code, function) {
            continue;
        }
        for call in code.calls_within(function) {
            let lower = call.method.to_lowercase();
            let many = LISTS.contains(&call.method)
                || lower.starts_with("getall")
                || lower.starts_with("list") && lower.len() > 5
                || lower.starts_with("find") && lower.ends_with('s')
                || lower.starts_with("get") && (lower.contains("keysby") || lower.contains("sby"));
            let Some(name) = many.then(|| bound(code, call)).flatten() else {
                continue;
            };
            if call.receiver.is_empty() || is_local_list(code, call) || is_one(code, call) {
                continue;
            }
            check(code, function, call, name, facts);
        }
    }
}

/// Whether the receiver is a list of the program: `items.filter(x => …)`, `Object.keys(a)`.
fn is_local_list<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    let script = matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    );
    let closure = call
        .positional(0)
        .is_some_and(|value| value.kind().contains("arrow") || value.kind().contains("function"));
    let awaited = call
        .node
        .parent()
        .is_some_and(|parent| parent.kind().contains("await"));
    call.receiver == "Object" || script && (closure || !awaited)
}

/// Parts of statements, in lower case, that count in each row and not in one row for all.
const COUNTS_PER_ROW: &[&str] = &["group", "over(", "over (", "(select count", "(select sum"];
/// A statement that consists of subqueries returns one row.
const COUNTS_ONLY: &[&str] = &["select (select"];

/// Whether the bound value is one record or one row: `.filter(…).first()`, `COUNT(…)` without a
/// group, a window or a subquery.
fn is_one<'t>(code: &Code<'t>, call: &Call<'t>) -> bool {
    let statement = code
        .ancestors(call.node)
        .find(|around| around.kind().contains("assignment") || around.kind().contains("declarat"))
        .map_or("", |around| code.text(around));
    let chained = code
        .file
        .text
        .get(call.node.end_byte()..)
        .unwrap_or_default();
    let taken = [".first()", ".last()", ".get(", ".one_or_none()", ".scalar("]
        .iter()
        .any(|method| chained.trim_start().starts_with(method));
    let counts = ["COUNT(", "SUM(", "count(*)"]
        .iter()
        .any(|word| statement.contains(word));
    let per_row = mentions(statement, COUNTS_PER_ROW) && !mentions(statement, COUNTS_ONLY);
    taken || counts && !per_row
}

fn check<'t>(
    code: &Code<'t>,
    function: Node<'t>,
    call: &Call<'t>,
    name: &str,
    facts: &mut FactSink<'_>,
) {
    let rest = code
        .file
        .text
        .get(call.node.end_byte()..function.end_byte())
        .unwrap_or_default();
    let at = |place: usize| call.node.end_byte() + place;
    let element = format!("{name}[0]");
    let taken = format!("[key] = {name}");
    let first = [element.as_str(), taken.as_str()]
        .iter()
        .filter_map(|text| rest.find(text))
        .min();
    if let Some(first) = first {
        let before = rest.get(..first).unwrap_or_default();
        let after = rest
            .get(first..first + element.len() + 2)
            .unwrap_or_default();
        let tested = ["Boolean(", "!!"].iter().any(|test| before.ends_with(test));
        let optional = tested || after.ends_with('?') || after.contains("[0]?");
        let checked = [
            format!("len({name}"),
            format!("{name}.length"),
            format!("not {name}"),
            format!("if {name}:"),
            format!("isEmpty({name}"),
            format!("{name} and "),
            format!("bool({name}"),
        ]
        .iter()
        .any(|text| before.contains(text.as_str()));
        if !checked && !optional {
            place(
                code,
                call,
                at(first),
                format!(
                    "the list of `{}` may be empty, and no code checks it before its first element is used",
                    call.method
                ),
                facts,
            );
        }
    }
    if code.file.language == Language::Python && matches!(call.method, "filter" | "all") {
        let null = format!("{name} is None");
        if let Some(null) = rest.find(&null) {
            place(
                code,
                call,
                at(null),
                format!(
                    "`{}` returns a list, which is never `None`, so the check has no effect",
                    call.method
                ),
                facts,
            );
        }
    }
}

fn place<'t>(
    code: &Code<'t>,
    call: &Call<'t>,
    at: usize,
    evidence: String,
    facts: &mut FactSink<'_>,
) {
    let node = code
        .root
        .descendant_for_byte_range(at, at + 1)
        .unwrap_or(call.node);
    show(
        code,
        facts,
        node,
        Practice::UncheckedLookup,
        Verdict::Review,
        evidence,
    );
}
