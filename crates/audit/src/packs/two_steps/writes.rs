//! Calls that write, and the store, table or record that they change.

use std::sync::LazyLock;

use regex::Regex;

use crate::packs::practice::{is_typed_store, mentions};
use crate::source::Language;
use crate::syntax::{Call, Code};

/// Prefixes of methods that write, in lower case.
const WRITES: &[&str] = &[
    "save",
    "create",
    "insert",
    "update",
    "delete",
    "remove",
    "persist",
    "mark",
    "record",
    "deduct",
    "decrement",
    "increment",
    "add",
    "upload",
];
/// Parts of the names of what such a method belongs to.
pub(super) const STORES: &[&str] = &["repo", "dao", "mapper", "store"];
/// Clients of other services that write there.
pub(super) const CLIENTS: &[&str] = &["client", "api", "gateway"];

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

/// Whether a method starts with one of the words.
pub(super) fn starts(method: &str, words: &[&str]) -> bool {
    let lower = method.to_lowercase();
    words.iter().any(|word| lower.starts_with(word))
}

/// Libraries whose models write themselves.
const MODELS: &[&str] = &[
    "sequelize",
    "mongoose",
    "prisma",
    "objection",
    "typeorm",
    "model",
];

/// `Order.create(…)`, `prisma.order.update(…)`, `order.save()`.
pub(super) fn is_model_write(code: &Code<'_>, call: &Call<'_>) -> bool {
    let script = matches!(
        code.file.language,
        Language::JavaScript | Language::TypeScript
    );
    if !script || !mentions(&code.file.text, MODELS) {
        return false;
    }
    let model = call.receiver.starts_with(char::is_uppercase) && !call.receiver.contains('.')
        || mentions(call.receiver, &["prisma."]);
    let named = matches!(
        call.method,
        "create"
            | "bulkCreate"
            | "insertMany"
            | "insertOne"
            | "update"
            | "updateOne"
            | "updateMany"
            | "findByIdAndUpdate"
            | "findOneAndUpdate"
            | "deleteOne"
            | "deleteMany"
            | "destroy"
            | "delete"
            | "upsert"
            | "createMany"
    );
    let document = call.method == "save"
        && call.arguments.is_empty()
        && !call.receiver.is_empty()
        && !call.receiver.contains('(')
        && mentions(&code.file.text, &["mongoose"]);
    model && named || document
}

/// `Order::create(conn, …)` of a Rust program.
fn is_rust_write(code: &Code<'_>, call: &Call<'_>) -> bool {
    code.file.language == Language::Rust
        && starts(
            call.method.rsplit("::").next().unwrap_or(call.method),
            WRITES,
        )
        && call
            .positional(0)
            .is_some_and(|first| mentions(code.text(first), &["conn", "pool", "db"]))
}

/// The verb and the noun of a method of a store, so that two nouns are two records.
fn noun(method: &str) -> &str {
    let lower = method.to_lowercase();
    WRITES
        .iter()
        .find(|verb| lower.starts_with(**verb))
        .and_then(|verb| method.get(verb.len()..))
        .unwrap_or(method)
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
        || is_model_write(code, call)
        || is_rust_write(code, call)
        || injected
        || starts(call.method, WRITES)
            && (mentions(call.receiver, STORES) || is_typed_store(code, call.receiver))
        || starts(call.method, &["create", "delete", "update"])
            && call.method.len() > 6
            && mentions(call.receiver, CLIENTS)
}

/// The target that a call changes: a store, a table of a statement, or a record of an ORM.
pub(super) fn changed<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<&'t str> {
    if let Some(table) = table(code.text(call.node)).filter(|_| is_statement(call)) {
        return Some(table);
    }
    if code.file.language == Language::Go {
        let record = call.positional(0).map(|value| code.text(value))?;
        let maps = GO_WRITES.contains(&call.method)
            && mentions(call.receiver, GO_DATABASES)
            && (record.starts_with('&') || call.arguments.len() == 1);
        if maps {
            return Some(record);
        }
        let stored = starts(call.method, WRITES)
            && mentions(call.receiver, &["repo", "dao", "store", "model"])
            && call.arguments.len() > 1;
        let what = Some(noun(call.method)).filter(|noun| !noun.is_empty());
        return stored.then_some(what.unwrap_or(call.receiver));
    }
    if code.file.language == Language::Rust {
        return is_rust_write(code, call).then_some(code.text(call.node));
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
