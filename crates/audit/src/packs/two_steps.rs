//! Two steps that belong together: writes without a transaction, and a look-up before an insert.

mod writes;

use tree_sitter::Node;

use self::writes::{CLIENTS, STORES, changed, is_model_write, starts};
use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "two steps",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::Java,
            Language::Kotlin,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
            Language::Rust,
        ],
        read,
    ),
}];

/// Functions with a name. A closure inside belongs to the function around it.
const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "method_declaration",
    "method_definition",
    "function_definition",
    "function_item",
];
/// Named functions, and closures that are a handler or have a name.
pub(super) const CANDIDATES: &[&str] = &[
    "function_declaration",
    "method_declaration",
    "method_definition",
    "function_definition",
    "function_item",
    "arrow_function",
    "function_expression",
];
/// Methods that register a handler for a path.
const REGISTRATIONS: &[&str] = &["get", "post", "put", "patch", "delete"];

/// Whether a node is a function with a name, or the handler of a route in JavaScript.
pub(super) fn is_function(code: &Code<'_>, node: Node<'_>) -> bool {
    if FUNCTIONS.contains(&node.kind()) {
        return true;
    }
    let Some(parent) = node.parent() else {
        return false;
    };
    match parent.kind() {
        "variable_declarator" | "public_field_definition" => true,
        "arguments" => registration(code, node).is_some(),
        _ => false,
    }
}

/// The innermost function around a node.
pub(super) fn function_of<'t>(code: &Code<'t>, node: Node<'t>) -> Option<Node<'t>> {
    code.ancestors(node)
        .find(|around| CANDIDATES.contains(&around.kind()) && is_function(code, *around))
}

/// Maximum number of functions around a handler:
/// `router.get('/', asyncHandler(async (req, res) …))`.
const MAX_WRAPPERS: usize = 2;

/// The call that registers a function for a path, also through functions that wrap it.
pub(super) fn registration<'t>(code: &Code<'t>, function: Node<'t>) -> Option<Node<'t>> {
    let mut node = function;
    for _ in 0..=MAX_WRAPPERS {
        let arguments = node
            .parent()
            .filter(|parent| parent.kind() == "arguments")?;
        let call = arguments.parent()?;
        let callee = call.child_by_field_name("function")?;
        let method = code.text(callee).rsplit('.').next().unwrap_or_default();
        let path = arguments
            .named_child(0)
            .map_or("", |first| code.text(first));
        if REGISTRATIONS.contains(&method) && path.starts_with(['\'', '"', '`']) {
            return Some(call);
        }
        node = call;
    }
    None
}

/// Words of a file that keeps steps together, or lets the database decide.
const TOGETHER: &[&str] = &[
    "atomic",
    "unit_of_work",
    "unitofwork",
    "queryrunner",
    "saga",
    "outbox",
    "integrityerror",
    "duplicatekey",
    "dataintegrityviolation",
    "onconflict",
    "on conflict",
    "uniqueconstraint",
    "p2002",
    "11000",
];
/// Words of a function that keeps steps together, or runs inside a transaction of its caller.
const TRANSACTION: &[&str] = &[
    "transaction",
    "begin(",
    "begintx",
    "'begin'",
    "\"begin\"",
    "tx.",
    "tx *",
    "session",
];
/// The annotation of Spring, and words like it.
const TRANSACTIONAL: &[&str] = &["transactional"];
/// Prefixes of methods that look something up.
const LOOKUPS: &[&str] = &["find", "get", "exists", "query", "load"];
fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if mentions(&code.file.text, TOGETHER)
        || mentions(&code.file.path, &["migrat", "seed", "script", "fixture"])
    {
        return;
    }
    let names_transactional = mentions(&code.file.text, TRANSACTIONAL);
    for function in code.find_all(code.root, CANDIDATES) {
        if !is_function(code, function) {
            continue;
        }
        // Only the innermost function is read.
        let inside = code.find_all(function, CANDIDATES);
        if inside
            .iter()
            .any(|inner| inner.id() != function.id() && is_function(code, *inner))
        {
            continue;
        }
        if mentions(&without_identifiers(code.text(function)), TRANSACTION)
            || names_transactional && is_in_transactional_class(code, function)
        {
            continue;
        }
        partial(code, function, facts);
        lookup_then_insert(code, function, facts);
    }
}

/// The text without the identifiers of payments, which are not database transactions.
fn without_identifiers(text: &str) -> String {
    let lower = text.to_lowercase();
    lower
        .replace("transactionid", "")
        .replace("transaction_id", "")
}

/// Whether an annotation or a word above the class body makes each method a transaction. In
/// languages without method annotations, a word anywhere in the file counts. The caller checks that
/// the file contains the word.
fn is_in_transactional_class(code: &Code<'_>, function: Node<'_>) -> bool {
    if !matches!(code.file.language, Language::Java | Language::Kotlin) {
        return true;
    }
    code.enclosing(function, &["class_declaration"])
        .is_none_or(|class| {
            let head = code.text(class).split('{').next().unwrap_or_default();
            mentions(head, TRANSACTIONAL)
        })
}

/// Two writes of different things in one function.
fn partial<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let writes: Vec<_> = code
        .calls_within(function)
        .filter_map(|call| Some((call, changed(code, call)?)))
        .collect();
    let stores = writes
        .iter()
        .any(|(call, _)| !mentions(call.receiver, CLIENTS));
    let Some((first, what)) = writes.first().filter(|_| stores) else {
        return;
    };
    let second = writes
        .iter()
        .find(|(call, other)| other != what && call.node.start_byte() > first.node.end_byte())
        .map(|(call, _)| *call)
        .or_else(|| helper(code, function, first));
    if let Some(second) = second {
        show(
            code,
            facts,
            second.node,
            Practice::PartialWrite,
            Verdict::Guess,
            format!(
                "`{}` follows `{}` without a transaction",
                shown(second),
                shown(first)
            ),
        );
    }
}

/// A method of the same object that writes more after a model: `this.saveLines(…)`.
fn helper<'c, 't>(
    code: &'c Code<'t>,
    function: Node<'t>,
    first: &Call<'t>,
) -> Option<&'c Call<'t>> {
    if !is_model_write(code, first) {
        return None;
    }
    code.calls_within(function).find(|call| {
        call.receiver == "this"
            && starts(call.method, &["save", "create", "insert"])
            && call.method.len() > 6
            && call.node.start_byte() > first.node.end_byte()
    })
}

/// A look-up that rejects a duplicate, and then an insert into the same store.
fn lookup_then_insert<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let rejects = mentions(
        code.text(function),
        &["already", "exists", "taken", "duplicate"],
    );
    if !rejects {
        return;
    }
    let calls: Vec<_> = code
        .calls_within(function)
        .filter(|call| mentions(call.receiver, STORES))
        .collect();
    let insert = calls
        .iter()
        .find(|call| starts(call.method, &["save", "create", "insert", "persist"]));
    let Some(insert) = insert else {
        return;
    };
    let lookups = calls.iter().filter(|call| {
        starts(call.method, LOOKUPS)
            && call.receiver == insert.receiver
            && call.node.start_byte() < insert.node.start_byte()
    });
    for lookup in lookups {
        show(
            code,
            facts,
            lookup.node,
            Practice::LookupBeforeInsert,
            Verdict::Guess,
            format!(
                "`{}` decides whether `{}` may insert",
                shown(lookup),
                shown(insert)
            ),
        );
    }
}

fn shown(call: &Call<'_>) -> String {
    let receiver = call.receiver.rsplit('.').next().unwrap_or(call.receiver);
    format!("{receiver}.{}", call.method)
}
