//! Two steps that belong together: writes without a transaction, and a look-up before an insert.

use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::Node;

use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Topic, Verdict};
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
];
/// Words of a file that keeps steps together, or lets the database decide.
const TOGETHER: &[&str] = &[
    "transactional",
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
/// Starts of methods that write, in small letters.
const WRITES: &[&str] = &[
    "save", "create", "insert", "update", "delete", "remove", "persist",
];
/// Starts of methods that look something up.
const LOOKUPS: &[&str] = &["find", "get", "exists", "query", "load"];
/// Parts of the names of what such a method belongs to.
const STORES: &[&str] = &["repo", "dao", "mapper", "store"];
/// Clients of other services that write there.
const CLIENTS: &[&str] = &["client", "api", "gateway"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if mentions(&code.file.text, TOGETHER)
        || mentions(&code.file.path, &["migrat", "seed", "script", "fixture"])
    {
        return;
    }
    for function in code.find_all(code.root, FUNCTIONS) {
        // Only the innermost function is read.
        if code.find_all(function, FUNCTIONS).len() > 1 {
            continue;
        }
        if mentions(code.text(function), TRANSACTION) {
            continue;
        }
        partial(code, function, facts);
        lookup_then_insert(code, function, facts);
    }
}

/// Methods of Go libraries that write a record.
const GO_WRITES: &[&str] = &[
    "Create",
    "Save",
    "Updates",
    "Delete",
    "InsertOne",
    "UpdateOne",
];
/// Parts of the names of what such a method belongs to.
const GO_DATABASES: &[&str] = &["db", "conn", "gorm", "collection", "coll"];
/// A statement that changes a table, and the table.
static CHANGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+(?:\.\w+)?)\b").ok()
});

fn starts(method: &str, words: &[&str]) -> bool {
    let lower = method.to_lowercase();
    words.iter().any(|word| lower.starts_with(word))
}

fn is_write(code: &Code<'_>, call: &Call<'_>) -> bool {
    let active_record = code.file.language == Language::Python
        && call.method == "save"
        && call.arguments.is_empty()
        && !call.receiver.is_empty()
        && !mentions(call.receiver, &["form", "serializer", "super"]);
    let injected = call.receiver.starts_with("this.")
        && matches!(
            call.method,
            "save" | "insert" | "update" | "delete" | "remove"
        )
        && mentions(&code.file.text, &["injectrepository", "injectmodel"]);
    active_record
        || injected
        || starts(call.method, WRITES) && mentions(call.receiver, STORES)
        || starts(call.method, &["create", "delete", "update"])
            && call.method.len() > 6
            && mentions(call.receiver, CLIENTS)
}

/// What a call changes: the store, the table of a statement, or the record of an object mapper.
fn changed<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<&'t str> {
    if let Some(table) = table(code.text(call.node)).filter(|_| is_statement(call)) {
        return Some(table);
    }
    if code.file.language == Language::Go {
        let record = call.positional(0).map(|value| code.text(value))?;
        let maps = GO_WRITES.contains(&call.method)
            && mentions(call.receiver, GO_DATABASES)
            && (record.starts_with('&') || call.arguments.len() == 1);
        return maps.then_some(record);
    }
    is_write(code, call).then_some(call.receiver)
}

/// Whether a call sends a statement to a database.
fn is_statement(call: &Call<'_>) -> bool {
    matches!(
        call.method,
        "query" | "execute" | "Exec" | "ExecContext" | "NamedExec" | "QueryRow" | "QueryRowContext"
    )
}

/// The table that the first changing statement of a text names.
fn table(text: &str) -> Option<&str> {
    let statement = CHANGE.as_ref()?.captures(text)?;
    statement.get(1).map(|table| table.as_str())
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
        .find(|(call, other)| other != what && call.node.start_byte() > first.node.end_byte());
    if let Some((second, _)) = second {
        show(
            code,
            facts,
            second.node,
            Topic::PartialWrite,
            Verdict::Review,
            format!(
                "`{}` follows `{}` without a transaction",
                shown(second),
                shown(first)
            ),
        );
    }
}

/// A look-up that refuses a duplicate, and then an insert into the same store.
fn lookup_then_insert<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let refuses = mentions(
        code.text(function),
        &["already", "exists", "taken", "duplicate"],
    );
    if !refuses {
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
    let lookup = calls.iter().find(|call| {
        starts(call.method, LOOKUPS)
            && call.receiver == insert.receiver
            && call.node.start_byte() < insert.node.start_byte()
    });
    if let Some(lookup) = lookup {
        show(
            code,
            facts,
            lookup.node,
            Topic::LookupBeforeInsert,
            Verdict::Review,
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
