//! Context values whose key is a plain string, so packages can overwrite each other's values.

use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Go context keys",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in code
        .calls
        .iter()
        .filter(|call| call.is("context", "WithValue"))
    {
        let Some(key) = call.positional(1) else {
            continue;
        };
        let (verdict, evidence) = match key.kind() {
            "interpreted_string_literal" | "raw_string_literal" => (
                Verdict::Broken,
                "the key of a context value is a plain string",
            ),
            _ => (Verdict::Kept, "the key of a context value has its own type"),
        };
        show(
            code,
            facts,
            call.node,
            Practice::ContextKey,
            verdict,
            evidence,
        );
    }
}
