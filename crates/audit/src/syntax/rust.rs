//! Rust.

use tree_sitter::Node;

use super::code::{Call, Code, ImportedPath};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    match node.kind() {
        "use_declaration" => {
            if let Some(path) = node.child_by_field_name("argument") {
                code.imports.push(ImportedPath {
                    path: code.text(path),
                    span: path.byte_range(),
                });
            }
        }
        "call_expression" => {
            let Some(callee) = node.child_by_field_name("function") else {
                return;
            };
            let arguments = Code::positional_arguments(node.child_by_field_name("arguments"));
            if callee.kind() == "scoped_identifier" {
                code.push_call(
                    node,
                    callee,
                    ("scoped_identifier", "path", "name"),
                    arguments,
                );
            } else {
                code.push_call(
                    node,
                    callee,
                    ("field_expression", "value", "field"),
                    arguments,
                );
            }
        }
        "macro_invocation" => {
            if let Some(name) = node.child_by_field_name("macro") {
                let method = code
                    .file
                    .text
                    .get(name.start_byte()..name.end_byte() + 1)
                    .unwrap_or_default();
                code.calls.push(Call {
                    receiver: "",
                    receiver_node: None,
                    method,
                    arguments: Vec::new(),
                    node,
                });
            }
        }
        "function_item" | "struct_item" | "impl_item" | "mod_item" => code.define(node),
        "struct_expression" => {
            if let Some(name) = node.child_by_field_name("name") {
                code.composites.push((code.text(name), node));
            }
        }
        "let_declaration" => {
            if let (Some(name), Some(value)) = (
                node.child_by_field_name("pattern"),
                node.child_by_field_name("value"),
            ) {
                code.bind(code.text(name), value);
            }
        }
        "const_item" | "static_item" => {
            if let (Some(name), Some(value)) = (
                node.child_by_field_name("name"),
                node.child_by_field_name("value"),
            ) {
                code.bind(code.text(name), value);
            }
        }
        _ => {}
    }
}
