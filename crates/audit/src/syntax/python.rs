//! Python.

use tree_sitter::Node;

use super::code::{Argument, Code, ImportedPath};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    match node.kind() {
        "import_statement" => {
            let mut cursor = node.walk();
            let names: Vec<_> = node.named_children(&mut cursor).collect();
            for name in names {
                let path = if name.kind() == "aliased_import" {
                    name.child_by_field_name("name")
                } else {
                    Some(name)
                };
                if let Some(path) = path {
                    code.imports.push(ImportedPath {
                        path: code.text(path),
                        span: path.byte_range(),
                    });
                }
            }
        }
        "import_from_statement" => {
            if let Some(path) = node.child_by_field_name("module_name") {
                code.imports.push(ImportedPath {
                    path: code.text(path),
                    span: path.byte_range(),
                });
            }
        }
        "call" => {
            if let Some(callee) = node.child_by_field_name("function") {
                let arguments = arguments(code, node.child_by_field_name("arguments"));
                code.push_call(
                    node,
                    callee,
                    ("attribute", "object", "attribute"),
                    arguments,
                );
            }
        }
        "function_definition" | "class_definition" => code.define(node),
        "assignment" => {
            if let (Some(name), Some(value)) = (
                node.child_by_field_name("left"),
                node.child_by_field_name("right"),
            ) {
                code.bind(code.text(name), value);
            }
        }
        _ => {}
    }
}

fn arguments<'t>(code: &Code<'t>, list: Option<Node<'t>>) -> Vec<Argument<'t>> {
    Code::positional_arguments(list)
        .into_iter()
        .filter_map(|argument| {
            if argument.value.kind() != "keyword_argument" {
                return Some(argument);
            }
            let name = argument
                .value
                .child_by_field_name("name")
                .map(|name| code.text(name));
            argument
                .value
                .child_by_field_name("value")
                .map(|value| Argument { name, value })
        })
        .collect()
}
