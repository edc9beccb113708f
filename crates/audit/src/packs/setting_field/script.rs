//! Objects of settings in JavaScript and TypeScript.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::is_assigned;
use crate::model::FactSink;
use crate::model::facts::{FieldUses, SettingField};
use crate::syntax::Code;

/// Names of settings objects in JavaScript, in lower case.
const OBJECTS: &[&str] = &["config", "settings", "env", "conf", "appconfig", "cfg"];

/// Records settings objects of JavaScript and the properties that a file reads. An object that code
/// passes on as a whole has the use `*name`, because a library may read it.
pub(super) fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let mut names = BTreeSet::new();
    for node in code.find_all(
        code.root,
        &[
            "member_expression",
            "shorthand_property_identifier_pattern",
            "pair_pattern",
        ],
    ) {
        let property = node
            .child_by_field_name("property")
            .or_else(|| node.child_by_field_name("key"))
            .unwrap_or(node);
        let variable = node
            .child_by_field_name("object")
            .is_some_and(|object| code.text(object) == "process.env");
        if !variable && !is_assigned(code, node) {
            names.insert(code.text(property).to_owned());
        }
    }
    for node in code.find_all(code.root, &["identifier"]) {
        let whole = node.parent().is_some_and(|around| {
            matches!(
                around.kind(),
                "arguments" | "spread_element" | "subscript_expression" | "return_statement"
            )
        });
        if whole && is_object(code.text(node)) {
            names.insert(format!("*{}", code.text(node)));
        }
    }
    if !names.is_empty() {
        facts.add(FieldUses::of(names), 0..0);
    }
    for owner in code.find_all(code.root, &["variable_declarator"]) {
        let name = owner.child_by_field_name("name");
        let Some(name) = name
            .map(|name| code.text(name))
            .filter(|name| is_object(name))
        else {
            continue;
        };
        let value = owner.child_by_field_name("value").map(without_cast);
        for pair in value
            .filter(|value| value.kind() == "object")
            .iter()
            .flat_map(|object| code.find_all(*object, &["pair"]))
            .filter(|pair| {
                pair.parent().map(|object| object.id()) == value.map(|object| object.id())
            })
        {
            let (Some(key), Some(set)) = (
                pair.child_by_field_name("key"),
                pair.child_by_field_name("value"),
            ) else {
                continue;
            };
            if set.kind() == "object" || !code.text(set).contains("process.env") {
                continue;
            }
            let fact = SettingField {
                owner: name.to_owned(),
                name: code.text(key).trim_matches(['\'', '"']).to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(key));
        }
    }
    if code.file.text.contains("process.env") {
        factories(code, facts);
    }
}

/// Records the settings of a function that returns them: `export default () => ({ … })`,
/// `registerAs('db', () => ({ … }))`.
fn factories(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for function in code.find_all(code.root, &["arrow_function"]) {
        let registers = function.parent().is_some_and(|around| {
            around.kind() == "export_statement"
                || around
                    .parent()
                    .and_then(|call| call.child_by_field_name("function"))
                    .is_some_and(|callee| code.text(callee) == "registerAs")
        });
        let Some(body) = function
            .child_by_field_name("body")
            .filter(|body| registers && body.kind() == "parenthesized_expression")
        else {
            continue;
        };
        for pair in code.find_all(body, &["pair"]) {
            let (Some(key), Some(set)) = (
                pair.child_by_field_name("key"),
                pair.child_by_field_name("value"),
            ) else {
                continue;
            };
            if set.kind() == "object" || !reads_environment(code, set) {
                continue;
            }
            // Code may read the object around the setting as a whole.
            let owner = code
                .enclosing(pair, &["pair"])
                .and_then(|around| around.child_by_field_name("key"))
                .map_or("configuration", |key| code.text(key));
            let fact = SettingField {
                owner: owner.trim_matches(['\'', '"']).to_owned(),
                name: code.text(key).trim_matches(['\'', '"']).to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(key));
        }
    }
}

/// Whether a value comes from the environment, directly or through a function of the file.
fn reads_environment<'t>(code: &Code<'t>, value: Node<'t>) -> bool {
    code.text(value).contains("process.env")
        || code.calls_within(value).any(|call| {
            let declared = code
                .declared(call.method)
                .or_else(|| code.binding(call.method));
            call.receiver.is_empty()
                && declared.is_some_and(|function| code.text(function).contains("process.env"))
        })
}

fn is_object(name: &str) -> bool {
    OBJECTS.contains(&name.to_lowercase().as_str())
}

/// `{ … } as const`.
fn without_cast(node: Node<'_>) -> Node<'_> {
    match node.kind() {
        "as_expression" | "satisfies_expression" => node.named_child(0).unwrap_or(node),
        _ => node,
    }
}
