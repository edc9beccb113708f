//! JavaScript and TypeScript.

use tree_sitter::Node;

use super::code::{Code, ImportedPath, unquote};

pub(super) fn visit<'t>(code: &mut Code<'t>, node: Node<'t>) {
    const MEMBER: (&str, &str, &str) = ("member_expression", "object", "property");
    match node.kind() {
        "import_statement" | "export_statement" => {
            if let Some(path) = node.child_by_field_name("source") {
                code.imports.push(ImportedPath {
                    path: unquote(code.text(path)),
                    span: path.byte_range(),
                });
            }
        }
        "call_expression" => {
            let Some(callee) = node.child_by_field_name("function") else {
                return;
            };
            let arguments = Code::positional_arguments(node.child_by_field_name("arguments"));
            if (code.text(callee) == "require" || callee.kind() == "import")
                && let Some(path) = arguments
                    .first()
                    .map(|argument| argument.value)
                    .filter(|path| path.kind() == "string")
            {
                code.imports.push(ImportedPath {
                    path: unquote(code.text(path)),
                    span: path.byte_range(),
                });
            }
            code.push_call(node, callee, MEMBER, arguments);
        }
        "new_expression" => {
            if let Some(callee) = node.child_by_field_name("constructor") {
                let arguments = Code::positional_arguments(node.child_by_field_name("arguments"));
                code.push_call(node, callee, MEMBER, arguments);
            }
        }
        "function_declaration"
        | "method_definition"
        | "class_declaration"
        | "generator_function_declaration" => code.define(node),
        "variable_declarator" => {
            if let (Some(name), Some(value)) = (
                node.child_by_field_name("name"),
                node.child_by_field_name("value"),
            ) {
                code.bind(code.text(name), value);
                if matches!(value.kind(), "arrow_function" | "function_expression") {
                    code.define(node);
                }
            }
        }
        "assignment_expression" => {
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
