//! Kotlin.

use tree_sitter::Node;

use super::code::{Call, Code, ImportedPath};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    match node.kind() {
        "import" => {
            if let Some(path) = node.named_child(0) {
                code.imports.push(ImportedPath {
                    path: code.text(path),
                    span: path.byte_range(),
                });
            }
        }
        "call_expression" => call(code, node),
        "annotation" => annotation(code, node),
        "function_declaration" | "class_declaration" | "object_declaration" => code.define(node),
        _ => {}
    }
}

fn call<'t>(code: &mut Code<'t>, node: Node<'t>) {
    let Some(callee) = node.named_child(0) else {
        return;
    };
    let mut cursor = node.walk();
    let list = node
        .named_children(&mut cursor)
        .find(|child| child.kind() == "value_arguments");
    let (receiver_node, method) = if callee.kind() == "navigation_expression" {
        let last = u32::try_from(callee.named_child_count())
            .unwrap_or_default()
            .checked_sub(1);
        (
            callee.named_child(0),
            last.and_then(|last| callee.named_child(last))
                .unwrap_or(callee),
        )
    } else {
        (None, callee)
    };
    code.calls.push(Call {
        receiver: receiver_node.map_or("", |receiver| code.text(receiver)),
        receiver_node,
        method: code.text(method),
        arguments: Code::positional_arguments(list),
        node,
    });
}

/// An annotation becomes a call whose method is its name with the `@`.
fn annotation<'t>(code: &mut Code<'t>, node: Node<'t>) {
    let text = code.text(node);
    let method = text.split('(').next().unwrap_or(text).trim();
    let mut cursor = node.walk();
    let invocation = node
        .named_children(&mut cursor)
        .find(|child| child.kind() == "constructor_invocation");
    let list = invocation.and_then(|invocation| {
        let mut cursor = invocation.walk();
        invocation
            .named_children(&mut cursor)
            .find(|child| child.kind() == "value_arguments")
    });
    code.calls.push(Call {
        receiver: "",
        receiver_node: None,
        method,
        arguments: Code::positional_arguments(list),
        node,
    });
}
