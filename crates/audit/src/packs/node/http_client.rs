//! Calls that Node.js code makes to other systems.

use super::LANGUAGES;
use crate::model::facts::{OutboundCall, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
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
        others(code, call, facts);
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

/// Clients whose default timeout is unlimited or several minutes.
fn others(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let settings: String = call
        .arguments
        .iter()
        .filter(|argument| !argument.value.kind().contains("function"))
        .map(|argument| code.text(code.follow(argument.value)))
        .collect::<Vec<_>>()
        .join(" ");
    let bounded = mentions(&settings, &["timeout", "signal"]);
    let spread = call.arguments.iter().skip(1).any(|argument| {
        argument.value.kind() == "identifier" && code.binding(code.text(argument.value)).is_none()
    });
    let library = match (call.receiver, call.method) {
        ("", "request") | ("request", "get" | "post" | "put" | "delete" | "patch")
            if code.imports_module("request") || code.imports_module("request-promise") =>
        {
            "request"
        }
        ("", "got") | ("got", "get" | "post" | "put" | "delete" | "patch")
            if code.imports_module("got") =>
        {
            "got"
        }
        ("http" | "https", "request" | "get")
            if code.imports.iter().any(|import| {
                matches!(import.path, "http" | "https" | "node:http" | "node:https")
            }) =>
        {
            if code.file.text.contains(".setTimeout(") || code.file.text.contains("'timeout'") {
                return;
            }
            "node:http"
        }
        ("", "fetch") => {
            let page = ["react", "vue", "next", "svelte", "@angular/core"]
                .iter()
                .any(|module| code.imports_module(module));
            if !page
                && !bounded
                && !spread
                && !mentions(
                    &code.file.path,
                    &["components", "pages/", "hooks", "public/", "static/"],
                )
            {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::OutboundTimeout,
                    Verdict::Minor,
                    "`fetch` has no signal, and its own limit is five minutes",
                );
            }
            return;
        }
        _ => return,
    };
    let defaults = code.file.text.contains(".defaults(") || code.file.text.contains(".extend(");
    if !bounded && !spread && !defaults {
        let timeout = Resolution::Absent;
        facts.add(OutboundCall { library, timeout }, code.place(call.node));
    }
}
