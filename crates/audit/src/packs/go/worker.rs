//! Go programs that wait without an end, and consumers that are not a loop of a broker's client.

use crate::model::FactSink;
use crate::model::facts::Blocking;
use crate::packs::message::consumes;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::Code;

pub(super) const PACK: Pack = Pack {
    name: "Go workers",
    reader: Reader::Code(&[Language::Go], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["select_statement"]) {
        let empty = code.text(node).trim_start_matches("select").trim() == "{}";
        if empty {
            let form = "`select {}`";
            facts.add(Blocking { form }, code.place(node));
        }
    }
    for node in code.find_all(code.root, &["expression_statement"]) {
        let Some(channel) = code.text(node).strip_prefix("<-") else {
            continue;
        };
        let never = code
            .binding(channel.trim())
            .is_some_and(|made| code.text(made).starts_with("make(chan"))
            && !code.file.text.contains(&format!("close({channel})"))
            && !code.file.text.contains(&format!("{channel} <-"))
            && !code.file.text.contains(&format!("Notify({channel}"));
        if never || channel.starts_with("make(chan") {
            let form = "a channel that nothing closes";
            facts.add(Blocking { form }, code.place(node));
        }
    }
    let redis = code
        .imports
        .iter()
        .any(|import| import.path.contains("redis"));
    if redis {
        for call in &code.calls {
            if matches!(call.method, "Subscribe" | "PSubscribe" | "XReadGroup") {
                consumes(code, call.node, "Redis", facts);
            }
        }
    }
}
