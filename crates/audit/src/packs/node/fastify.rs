//! Fastify where it differs from Express: routes given as objects, and time limits that are off
//! unless set.

use super::LANGUAGES;
use crate::model::facts::{Practice, Route, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Fastify",
    reader: Reader::Code(LANGUAGES, read),
};

/// Settings that bound the time of a request or of a connection.
const TIME_LIMITS: &[&str] = &["requestTimeout", "connectionTimeout"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports.iter().any(|import| import.path == "fastify") {
        return;
    }
    for call in &code.calls {
        if !matches!(call.method, "fastify" | "Fastify") || !call.receiver.is_empty() {
            continue;
        }
        let fields = match call.positional(0) {
            Some(settings) => match code.fields(settings) {
                Some(fields) => fields,
                None => continue,
            },
            None => Vec::new(),
        };
        let bounded = fields
            .iter()
            .any(|(key, value)| TIME_LIMITS.contains(key) && code.text(*value) != "0");
        let (verdict, evidence) = if bounded {
            (Verdict::Kept, "Fastify has a request timeout")
        } else {
            (
                Verdict::Minor,
                "Fastify has no default `requestTimeout` (Node.js limits only headers)",
            )
        };
        show(
            code,
            facts,
            call.node,
            Practice::ServerTimeouts,
            verdict,
            evidence,
        );
    }
}

/// `app.route({ method: "GET", url: "/users", handler })`.
pub(super) fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let fields = call.positional(0).and_then(|given| code.fields(given));
    let Some(fields) = fields else {
        facts.gap::<Route>("the route is defined elsewhere", code.place(call.node));
        return;
    };
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    let path = field("url")
        .or_else(|| field("path"))
        .map_or(Resolution::Absent, |path| code.string(path));
    let method = field("method")
        .and_then(|method| code.string(method).known().cloned())
        .unwrap_or_else(|| "*".to_owned());
    let handler = field("handler").map_or("", |handler| code.text(handler));
    let route = Route {
        method: method.to_uppercase(),
        path,
        may_be_mounted: true,
        handler: handler.lines().next().unwrap_or_default().to_owned(),
        pipeline: call.receiver.to_owned(),
    };
    facts.add(route, code.place(call.node));
}
