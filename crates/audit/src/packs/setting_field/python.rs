//! Classes of settings in Python.

use std::collections::BTreeSet;

use crate::model::FactSink;
use crate::model::facts::{FieldUses, SettingField};
use crate::syntax::Code;

/// Records the fields of a class of settings in Python, and the attributes that a file reads.
pub(super) fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let names: BTreeSet<_> = code
        .find_all(code.root, &["attribute"])
        .into_iter()
        .filter(|node| {
            node.parent().is_none_or(|around| {
                around.kind() != "assignment"
                    || around.child_by_field_name("left").map(|left| left.id()) != Some(node.id())
            })
        })
        .filter_map(|node| node.child_by_field_name("attribute"))
        .map(|name| code.text(name).to_owned())
        .collect();
    if !names.is_empty() {
        facts.add(FieldUses::of(names), 0..0);
    }
    for class in code.find_all(code.root, &["class_definition"]) {
        let bases = class
            .child_by_field_name("superclasses")
            .map_or("", |bases| code.text(bases));
        let name = class
            .child_by_field_name("name")
            .map_or("", |name| code.text(name));
        // A base without fields of its own may be the parent of the settings.
        if !bases.contains("BaseSettings") {
            continue;
        }
        for field in code.find_all(class, &["assignment"]) {
            let inner = code.enclosing(field, &["class_definition", "function_definition"]);
            let (Some(left), true) = (
                field.child_by_field_name("left"),
                inner.map(|inner| inner.id()) == Some(class.id())
                    && field.child_by_field_name("type").is_some(),
            ) else {
                continue;
            };
            let own = code.text(left);
            if own.starts_with('_') || own == "model_config" {
                continue;
            }
            // Another line of the file may combine the setting with others.
            let fact = SettingField {
                owner: name.to_owned(),
                name: own.to_owned(),
                is_review: true,
                places: Vec::new(),
            };
            facts.add(fact, code.place(left));
        }
    }
}
