//! Java.

use tree_sitter::Node;

use super::code::{Argument, Call, Code, ImportedPath};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    match node.kind() {
        "import_declaration" => {
            let mut cursor = node.walk();
            let path = node
                .named_children(&mut cursor)
                .find(|child| child.kind().ends_with("identifier"));
            if let Some(path) = path {
                code.imports.push(ImportedPath {
                    path: code.text(path),
                    span: path.byte_range(),
                });
            }
        }
        "method_invocation" | "object_creation_expression" => {
            let name = node
                .child_by_field_name("name")
                .or_else(|| node.child_by_field_name("type"));
            if let Some(name) = name {
                let receiver_node = node.child_by_field_name("object");
                code.calls.push(Call {
                    receiver: receiver_node.map_or("", |receiver| code.text(receiver)),
                    receiver_node,
                    method: code.text(name),
                    arguments: Code::positional_arguments(node.child_by_field_name("arguments")),
                    node,
                });
            }
        }
        "annotation" | "marker_annotation" => annotation(code, node),
        "method_declaration"
        | "class_declaration"
        | "interface_declaration"
        | "constructor_declaration" => code.define(node),
        "variable_declarator" => {
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

/// An annotation becomes a call whose method is its name with the `@`.
fn annotation<'t>(code: &mut Code<'t>, node: Node<'t>) {
    let Some(name) = node.child_by_field_name("name") else {
        return;
    };
    let arguments = Code::positional_arguments(node.child_by_field_name("arguments"))
        .into_iter()
        .filter_map(|argument| {
            if argument.value.kind() != "element_value_pair" {
                return Some(argument);
            }
            let key = argument
                .value
                .child_by_field_name("key")
                .map(|key| code.text(key));
            argument
                .value
                .child_by_field_name("value")
                .map(|value| Argument { name: key, value })
        })
        .collect();
    let method = code
        .file
        .text
        .get(node.start_byte()..name.end_byte())
        .unwrap_or_default();
    code.calls.push(Call {
        receiver: "",
        receiver_node: None,
        method,
        arguments,
        node,
    });
}
