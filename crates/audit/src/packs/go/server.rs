//! `net/http` servers: time limits, addresses, and how they stop.

use super::duration::seconds;
use crate::model::facts::{Drain, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::listener;
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "net/http servers",
    reader: Reader::Code(&[Language::Go], read),
};

/// Paths of debugging servers, which are not for callers.
const DEBUG_WORDS: &[&str] = &["pprof", "debug", "metric", "6060", "profil", "telemetry"];
/// Files of servers that are not for callers either, and of commands that serve one browser for a
/// moment.
const AUXILIARY: &[&str] = &["metric", "pprof", "debug", "cmd/cli", "login", "perform"];

/// Modules whose servers are `http.Server`s.
const SERVING: &[&str] = &[
    "net/http",
    "github.com/gin-gonic/gin",
    "github.com/labstack/echo",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !SERVING.iter().any(|module| code.imports_module(module)) {
        return;
    }
    for (name, node) in code
        .composites
        .iter()
        .filter(|(name, _)| *name == "http.Server")
    {
        let Some(fields) = code.fields(*node) else {
            continue;
        };
        let has = |field: &str| {
            fields.iter().any(|(key, _)| *key == field)
                || code.file.text.contains(&format!(".{field} = "))
        };
        let (verdict, evidence) = if has("ReadHeaderTimeout") || has("ReadTimeout") {
            (Verdict::Kept, format!("`{name}` has a header timeout"))
        } else if mentions(code.text(*node), DEBUG_WORDS)
            || mentions(code.text(*node), &["\"localhost:", "\"127.0.0.1:"])
            || mentions(&code.file.path, AUXILIARY)
        {
            (
                Verdict::Minor,
                format!("`{name}` has neither `ReadHeaderTimeout` nor `ReadTimeout`"),
            )
        } else {
            (
                Verdict::Broken,
                format!("`{name}` has neither `ReadHeaderTimeout` nor `ReadTimeout`"),
            )
        };
        show(
            code,
            facts,
            *node,
            Practice::ServerTimeouts,
            verdict,
            evidence,
        );
        if let Some((_, address)) = fields.iter().find(|(key, _)| *key == "Addr") {
            facts.add(listener(code.string(*address)), code.place(*node));
        }
    }
    for call in &code.calls {
        if call.receiver == "http" && matches!(call.method, "ListenAndServe" | "ListenAndServeTLS")
        {
            let debug = code
                .enclosing(call.node, &["go_statement"])
                .is_some_and(|around| mentions(code.text(around), DEBUG_WORDS))
                || mentions(&code.file.path, AUXILIARY);
            let verdict = if debug {
                Verdict::Minor
            } else {
                Verdict::Broken
            };
            show(
                code,
                facts,
                call.node,
                Practice::ServerTimeouts,
                verdict,
                format!("`http.{}` has no timeouts", call.method),
            );
            if let Some(address) = call.positional(0) {
                facts.add(listener(code.string(address)), code.place(call.node));
            }
        } else if matches!(call.method, "Run" | "Start")
            && code
                .binding(call.receiver)
                .is_some_and(|made| code.text(made).starts_with("gin."))
        {
            let address = call.positional(0).map_or_else(
                || Resolution::Unknown("the port is in the environment".to_owned()),
                |address| code.string(address),
            );
            facts.add(listener(address), code.place(call.node));
        } else if call.method == "Shutdown" {
            shutdown(code, call, facts);
        }
    }
}

/// `server.Shutdown(ctx)`: what kind of context, and how long it lasts.
fn shutdown(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(context) = call.positional(0) else {
        return;
    };
    let name = code.text(context);
    let Some(made) = code.binding(name).and_then(|value| code.call_at(value)) else {
        return;
    };
    match made.method {
        "WithTimeout" => {
            let parent = made.positional(0).map_or("", |parent| code.text(parent));
            let waited =
                !parent.is_empty() && code.file.text.contains(&format!("<-{parent}.Done()"));
            if waited
                && code
                    .binding(parent)
                    .and_then(|value| code.call_at(value))
                    .is_some_and(|made| made.method == "NotifyContext")
            {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::ShutdownContext,
                    Verdict::Broken,
                    format!(
                        "the context of `Shutdown` is derived from `{parent}`, which is already cancelled"
                    ),
                );
            } else {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::ShutdownContext,
                    Verdict::Kept,
                    "the shutdown has a separate context",
                );
            }
            if let Some(seconds) = made
                .positional(1)
                .map(|duration| seconds(code.text(code.follow(duration))))
            {
                facts.add(Drain { seconds }, code.place(made.node));
            }
        }
        "NotifyContext" if code.file.text.contains(&format!("<-{name}.Done()")) => {
            show(
                code,
                facts,
                call.node,
                Practice::ShutdownContext,
                Verdict::Broken,
                format!(
                    "`Shutdown` gets `{name}`, which is already cancelled, so it returns immediately"
                ),
            );
        }
        _ => {}
    }
}
