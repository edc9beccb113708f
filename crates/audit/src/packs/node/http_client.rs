//! Calls that Node.js code makes to other systems.

use super::LANGUAGES;
use crate::model::facts::OutboundCall;
use crate::model::{FactSink, Resolution};
use crate::packs::practice::mentions;
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Node.js HTTP clients",
    reader: Reader::Code(LANGUAGES, read),
};

const VERBS: &[&str] = &["get", "post", "put", "delete", "patch", "head", "request"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<OutboundCall>();
    let axios = code.imports_module("axios");
    for call in &code.calls {
        if axios && call.is("axios", "create") {
            let timeout = setting(code, call, 0, "timeout");
            facts.add(
                OutboundCall {
                    library: "axios",
                    timeout,
                },
                code.place(call.node),
            );
        } else if axios
            && (call.receiver == "axios" && VERBS.contains(&call.method) || call.is("", "axios"))
        {
            let at = match call.method {
                "post" | "put" | "patch" => 2,
                "axios" | "request" => 0,
                _ => 1,
            };
            let timeout = match setting(code, call, at, "timeout") {
                Resolution::Absent => setting(code, call, at, "signal"),
                other => other,
            };
            let timeout = match timeout {
                Resolution::Absent if code.file.text.contains("axios.defaults.timeout") => {
                    Resolution::Known("axios.defaults".to_owned())
                }
                other => other,
            };
            facts.add(
                OutboundCall {
                    library: "axios",
                    timeout,
                },
                code.place(call.node),
            );
        }
    }
}

/// A key of the settings: absent when the settings are a literal without it, or are not given.
fn setting(code: &Code<'_>, call: &Call<'_>, at: usize, key: &str) -> Resolution<String> {
    let Some(settings) = call.positional(at) else {
        return Resolution::Absent;
    };
    match code.fields(settings) {
        Some(fields) => {
            fields
                .iter()
                .find(|(name, _)| *name == key)
                .map_or(Resolution::Absent, |(_, value)| {
                    let text = code.text(*value);
                    if text == "0" {
                        Resolution::Absent
                    } else {
                        Resolution::Known(format!("{key} {text}"))
                    }
                })
        }
        // `axios("https://…")`
        None if mentions(settings.kind(), &["string"]) => Resolution::Absent,
        None => Resolution::Unknown("the settings are defined elsewhere".to_owned()),
    }
}
