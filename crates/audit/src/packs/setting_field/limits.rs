//! Fields that bound the work of an object.

use tree_sitter::Node;

use super::{PLAIN, set_places};
use crate::model::FactSink;
use crate::model::facts::SettingField;
use crate::packs::practice::mentions;
use crate::syntax::Code;

/// Words of these fields.
const LIMITS: &[&str] = &[
    "timeout",
    "retries",
    "backoff",
    "maxattempts",
    "ttl",
    "deadline",
];

/// Fields of other structs that bound its work: a client keeps a timeout that no call uses.
pub(super) fn read<'t>(code: &Code<'t>, owner: Node<'t>, name: &str, facts: &mut FactSink<'_>) {
    let inner = owner
        .child_by_field_name("type")
        .filter(|kind| kind.kind() == "struct_type" && !code.text(*kind).contains('`'));
    let Some(inner) = inner else { return };
    for field in code.find_all(inner, &["field_declaration"]) {
        let (Some(own), Some(kind)) = (
            field.child_by_field_name("name"),
            field.child_by_field_name("type"),
        ) else {
            continue;
        };
        let text = code.text(own);
        let private = text.starts_with(|letter: char| letter.is_ascii_lowercase());
        if private && PLAIN.contains(&code.text(kind)) && mentions(text, LIMITS) {
            let fact = SettingField {
                owner: name.to_owned(),
                name: text.to_owned(),
                is_review: true,
                places: set_places(code, text),
            };
            facts.add(fact, code.place(own));
        }
    }
}
