//! Environment variables that Python code reads.

use crate::model::facts::EnvironmentRead;
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Python environment",
    reader: Reader::Code(&[Language::Python], read),
};

/// Libraries that read variables by names that they make.
const MAKERS: &[&str] = &[
    "pydantic_settings",
    "environ",
    "decouple",
    "dynaconf",
    "environs",
    "starlette.config",
    "pydantic",
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
    for call in &code.calls {
        let reads =
            call.is("os", "getenv") || call.is("os.environ", "get") || call.is("environ", "get");
        if let (true, Some(name)) = (reads, call.positional(0)) {
            let fallback = call
                .positional(1)
                .or_else(|| call.keyword("default"))
                .map_or(Resolution::Absent, |value| {
                    if code.text(value) == "None" {
                        Resolution::Absent
                    } else {
                        code.string(value)
                    }
                });
            facts.add(
                EnvironmentRead {
                    name: code.string(name),
                    fallback,
                    required: false,
                },
                code.place(call.node),
            );
        }
    }
    for node in code.find_all(code.root, &["subscript"]) {
        let environment = node
            .child_by_field_name("value")
            .is_some_and(|value| matches!(code.text(value), "os.environ" | "environ"));
        let assigned = node.parent().is_some_and(|parent| {
            parent.kind() == "assignment"
                && parent
                    .child_by_field_name("left")
                    .is_some_and(|left| left.id() == node.id())
        });
        if let (true, false, Some(name)) =
            (environment, assigned, node.child_by_field_name("subscript"))
        {
            // Inside a function or a `try` it may never be reached, or be caught.
            let required = code.function_around(node).is_none()
                && code
                    .enclosing(node, &["try_statement", "if_statement"])
                    .is_none();
            facts.add(
                EnvironmentRead {
                    name: code.string(name),
                    fallback: Resolution::Absent,
                    required,
                },
                code.place(node),
            );
        }
    }
}
