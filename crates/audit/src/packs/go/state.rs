//! Data of users in the memory of one Go process.

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::memory::is_entity;
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Go state",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["var_spec", "field_declaration"]) {
        if code.function_around(node).is_some() {
            continue;
        }
        let text = code.text(node);
        let Some(name) = node.child_by_field_name("name").map(|name| code.text(name)) else {
            continue;
        };
        let map = text.contains("map[") && !text.contains("func(") || text.contains("sync.Map");
        let field = node.kind() == "field_declaration";
        // A field is state when a lock guards it.
        let guarded = code
            .enclosing(node, &["struct_type"])
            .is_some_and(|around| code.text(around).contains("Mutex"));
        let texts = text.contains("]string") && name.to_lowercase().contains("message");
        let literal = texts || text.contains("\": ") || text.contains("\":\t");
        if map && !literal && is_entity(name) && (!field || guarded || text.contains("sync.Map")) {
            show(
                code,
                facts,
                node,
                Practice::MemoryState,
                Verdict::Review,
                format!("`{name}` is kept in the memory of one process"),
            );
        }
    }
}
