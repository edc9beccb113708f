//! Lists without a limit: queries that return every row.

use tree_sitter::Node;

use super::practice::{is_typed_store, mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "unbounded lists",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Python,
            Language::Java,
            Language::Kotlin,
        ],
        read,
    ),
}];

/// Words of a chain of calls that bound its result.
const BOUNDS: &[&str] = &[
    "limit", "where", "take", "paginate", "page", "skip", "first(", "offset", "filter", "top(",
    "slice", "count(",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if mentions(
        &code.file.path,
        &["migrat", "seed", "script", "cli", "cron", "job", "test"],
    ) {
        return;
    }
    for call in &code.calls {
        if brings_all(code, call) && !bounded(code, call.node) {
            show(
                code,
                facts,
                call.node,
                Practice::UnboundedList,
                Verdict::Review,
                format!("`{}` reads every row", call.method),
            );
        }
    }
}

fn brings_all(code: &Code<'_>, call: &Call<'_>) -> bool {
    let empty = call.arguments.is_empty()
        || call.arguments.len() == 1
            && call.positional(0).is_some_and(|filter| {
                code.text(filter).split_whitespace().collect::<String>() == "{}"
            });
    let data = mentions(
        call.receiver,
        &[
            "repo",
            "model",
            "collection",
            "prisma",
            "db",
            "dao",
            "query",
            "objects",
            "session",
            "store",
            "client",
        ],
    ) || call
        .receiver
        .starts_with(|letter: char| letter.is_ascii_uppercase());
    match call.method {
        "findAll" | "findMany" | "find" => {
            empty
                && (data || is_typed_store(code, call.receiver))
                && code.file.language != Language::Go
                && !mentions(call.receiver, &["array", "list", "document"])
        }
        "all" => {
            code.file.language == Language::Python
                && call.arguments.is_empty()
                && mentions(call.receiver, &["objects", "query"])
        }
        "Find" => {
            code.file.language == Language::Go
                && (call.arguments.len() == 1 && code.text(call.node).contains("Find(&")
                    || call.arguments.len() == 2
                        && call.positional(1).is_some_and(|filter| {
                            matches!(code.text(filter), "bson.M{}" | "bson.D{}" | "bson.D{{}}")
                        }))
        }
        "All" => code.file.language == Language::Go && call.receiver.ends_with(".Query()"),
        "Query" | "QueryContext" | "query" | "execute" => call
            .arguments
            .iter()
            .filter_map(|argument| code.string(argument.value).known().cloned())
            .any(|statement| selects_all(&statement)),
        _ => false,
    }
}

fn selects_all(statement: &str) -> bool {
    let lower = statement.trim_start().to_lowercase();
    lower.starts_with("select ")
        && lower.contains(" from ")
        && ![
            "where",
            "limit",
            "count(",
            "exists",
            " 1",
            "max(",
            "min(",
            "sum(",
            "fetch first",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether the statement around a call bounds the result of the call.
fn bounded<'t>(code: &Code<'t>, node: Node<'t>) -> bool {
    let statement = code
        .ancestors(node)
        .find(|around| {
            around.kind().ends_with("_statement")
                || around.kind().ends_with("_declaration")
                || matches!(
                    around.kind(),
                    "assignment" | "expression_statement" | "block" | "statement_block"
                )
        })
        .filter(|around| !matches!(around.kind(), "block" | "statement_block"))
        .unwrap_or(node);
    mentions(code.text(statement), BOUNDS)
}
