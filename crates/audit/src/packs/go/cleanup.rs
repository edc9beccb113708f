//! Cleanup functions that constructors return: `func NewData(…) (*Data, func(), error)`.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Code, count_word};

pub(super) const PACK: Pack = Pack {
    name: "Go cleanup",
    reader: Reader::Code(&[Language::Go], read),
};

/// Parts of the names of types that contain connections.
const CONNECTIONS: &[&str] = &[
    "gorm.DB",
    "sql.DB",
    "sqlx.DB",
    "ent.Client",
    "pgxpool.Pool",
    "pgx.Conn",
    "redis.",
    "mongo.",
    "amqp.",
    "amqp091.",
    "kafka.",
    "sarama.",
    "nats.Conn",
    "grpc.ClientConn",
    "elastic.Client",
    "clickhouse.",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for function in code.find_all(code.root, &["function_declaration"]) {
        let returns_cleanup = function
            .child_by_field_name("result")
            .is_some_and(|result| code.text(result).contains("func()"));
        if returns_cleanup {
            cleanup(code, function, facts);
        }
    }
}

/// Returns the parameters of a function that contain connections.
fn connections<'t>(code: &Code<'t>, function: Node<'t>) -> Vec<&'t str> {
    code.find_all(function, &["parameter_declaration"])
        .into_iter()
        .filter(|parameter| parameter.parent().and_then(|list| list.parent()) == Some(function))
        .filter(|parameter| {
            parameter.child_by_field_name("type").is_some_and(|kind| {
                CONNECTIONS
                    .iter()
                    .any(|part| code.text(kind).contains(part))
            })
        })
        .filter_map(|parameter| parameter.child_by_field_name("name"))
        .map(|name| code.text(name))
        .collect()
}

/// The names under which a parameter may be closed: its own, and the field that keeps it.
fn names<'t>(code: &Code<'t>, function: Node<'t>, parameter: &'t str) -> Vec<&'t str> {
    let mut names = vec![parameter];
    for element in code.find_all(function, &["keyed_element"]) {
        let value = element.named_child(1).map_or("", |value| code.text(value));
        if value == parameter
            && let Some(key) = element.named_child(0)
        {
            names.push(code.text(key));
        }
    }
    names
}

fn cleanup<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let held = connections(code, function);
    let literals: Vec<Node<'t>> = code
        .find_all(function, &["func_literal"])
        .into_iter()
        .filter(|literal| {
            literal
                .child_by_field_name("parameters")
                .is_some_and(|parameters| parameters.named_child_count() == 0)
        })
        .collect();
    let (Some(first), false) = (literals.first(), held.is_empty()) else {
        return;
    };
    let text: String = literals
        .iter()
        .map(|literal| code.text(*literal))
        .collect::<Vec<_>>()
        .join("\n");
    let open: Vec<&str> = held
        .iter()
        .copied()
        .filter(|parameter| {
            names(code, function, parameter)
                .iter()
                .all(|name| count_word(&text, name) == 0)
        })
        .collect();
    if open.is_empty() {
        show(
            code,
            facts,
            *first,
            Practice::Cleanup,
            Verdict::Kept,
            "the cleanup closes each connection",
        );
    } else {
        show(
            code,
            facts,
            *first,
            Practice::Cleanup,
            Verdict::LikelyBroken,
            format!("the cleanup does not close `{}`", open.join("`, `")),
        );
    }
}
