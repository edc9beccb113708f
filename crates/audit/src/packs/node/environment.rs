//! Environment variables that Node.js code reads.

use tree_sitter::Node;

use super::LANGUAGES;
use crate::model::facts::EnvironmentRead;
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Node.js environment",
    reader: Reader::Code(LANGUAGES, read),
};

/// Libraries that read variables by names that they make.
const MAKERS: &[&str] = &[
    "@nestjs/config",
    "envalid",
    "convict",
    "config",
    "env-var",
    "@t3-oss/env-core",
    "znv",
    "node-config",
    "nconf",
    "env-schema",
    "@fastify/env",
    "rc",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<EnvironmentRead>();
    if let Some(import) = code
        .imports
        .iter()
        .find(|import| MAKERS.contains(&import.path))
    {
        facts.gap::<EnvironmentRead>(
            format!("{} computes variable names", import.path),
            import.span.clone(),
        );
    }
    for node in code.find_all(code.root, &["member_expression", "subscript_expression"]) {
        let Some(object) = node.child_by_field_name("object") else {
            continue;
        };
        if code.text(object) != "process.env" {
            continue;
        }
        let name = match (
            node.child_by_field_name("property"),
            node.child_by_field_name("index"),
        ) {
            (Some(property), _) => Resolution::Known(code.text(property).to_owned()),
            (None, Some(index)) => code.string(index),
            (None, None) => continue,
        };
        facts.add(
            EnvironmentRead {
                name,
                fallback: fallback(code, node),
                required: false,
            },
            code.place(node),
        );
    }
}

/// `process.env.X || "…"`, `process.env.X ?? "…"`.
fn fallback<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<String> {
    let Some(parent) = node
        .parent()
        .filter(|parent| parent.kind() == "binary_expression")
    else {
        return Resolution::Absent;
    };
    let operator = parent
        .child_by_field_name("operator")
        .map_or("", |operator| code.text(operator));
    let left = parent
        .child_by_field_name("left")
        .is_some_and(|left| left.id() == node.id());
    match parent.child_by_field_name("right") {
        Some(right) if left && matches!(operator, "||" | "??") => code.string(right),
        _ => Resolution::Absent,
    }
}
