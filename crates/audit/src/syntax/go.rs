//! Go.

use tree_sitter::Node;

use super::code::{Code, ImportedPath, unquote};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    match node.kind() {
        "import_spec" => {
            if let Some(path) = node.child_by_field_name("path") {
                code.imports.push(ImportedPath {
                    path: unquote(code.text(path)),
                    span: path.byte_range(),
                });
            }
        }
        "call_expression" => {
            if let Some(callee) = node.child_by_field_name("function") {
                let arguments = Code::positional_arguments(node.child_by_field_name("arguments"));
                code.push_call(
                    node,
                    callee,
                    ("selector_expression", "operand", "field"),
                    arguments,
                );
            }
        }
        "function_declaration" | "method_declaration" | "type_spec" => code.define(node),
        "composite_literal" => {
            if let Some(name) = node.child_by_field_name("type") {
                code.composites.push((code.text(name), node));
            }
        }
        "short_var_declaration" | "assignment_statement" => bind_lists(code, node, "left", "right"),
        "const_spec" | "var_spec" => bind_lists(code, node, "name", "value"),
        _ => {}
    }
}

/// `a, err := f()` binds `a` to the call: the first name carries the value in Go.
fn bind_lists<'t>(code: &mut Code<'t>, node: Node<'t>, left: &str, right: &str) {
    let (Some(left), Some(right)) = (
        node.child_by_field_name(left),
        node.child_by_field_name(right),
    ) else {
        return;
    };
    let name = if left.kind() == "expression_list" {
        left.named_child(0)
    } else {
        Some(left)
    };
    let value = if right.kind() == "expression_list" {
        right.named_child(0)
    } else {
        Some(right)
    };
    if let (Some(name), Some(value)) = (name, value) {
        code.bind(code.text(name), value);
    }
}
