//! Addresses that Node.js servers listen on.

use super::LANGUAGES;
use crate::model::facts::Listener;
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Node.js listeners",
    reader: Reader::Code(LANGUAGES, read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in code
        .calls
        .iter()
        .filter(|call| call.method == "listen" && super::program::is_server(code, call))
    {
        let Some(first) = call.positional(0) else {
            continue;
        };
        let node = code.follow(first);
        // `emitter.listen(handler)` and similar calls are not listeners.
        if matches!(
            node.kind(),
            "arrow_function" | "function_expression" | "string" | "template_string"
        ) {
            continue;
        }
        if let Some(fields) = code.fields(first) {
            let field = |name: &str| {
                fields
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| *value)
            };
            let port = field("port").map_or_else(
                || Resolution::Unknown("the port is defined elsewhere".to_owned()),
                |port| number(code.text(code.follow(port))),
            );
            // Only Fastify listens on loopback by default.
            let default = if code.imports_module("fastify") {
                "localhost"
            } else {
                ""
            };
            let host = field("host").map_or(Resolution::Known(default.to_owned()), |host| {
                code.string(host)
            });
            facts.add(Listener { host, port }, code.place(call.node));
            continue;
        }
        let listener = Listener {
            host: host(code, call),
            port: number(code.text(node)),
        };
        facts.add(listener, code.place(call.node));
    }
}

fn host(code: &Code<'_>, call: &Call<'_>) -> Resolution<String> {
    match call.positional(1) {
        None => Resolution::Known(String::new()),
        Some(second) if matches!(second.kind(), "arrow_function" | "function_expression") => {
            Resolution::Known(String::new())
        }
        Some(second) => code.string(second),
    }
}

fn number(text: &str) -> Resolution<u16> {
    text.parse().map_or_else(
        |_| Resolution::Unknown("the port is a setting".to_owned()),
        Resolution::Known,
    )
}
