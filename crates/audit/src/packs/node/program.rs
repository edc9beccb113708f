//! Facts of every Node.js program: imports, signals, servers.

use super::LANGUAGES;
use crate::model::facts::{Import, Practice, Route, Server, SignalHandling, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Node.js programs",
    reader: Reader::Code(LANGUAGES, read),
};

/// Libraries that wait for SIGTERM and close the server.
const STOPPERS: &[&str] = &[
    "@godaddy/terminus",
    "lightship",
    "close-with-grace",
    "http-graceful-shutdown",
    "async-exit-hook",
];
/// Frameworks whose routes are not read yet.
const OTHER_ROUTERS: &[&str] = &[
    "@fastify/autoload",
    "@hapi/hapi",
    "next",
    "@trpc/server",
    "moleculer",
    "apollo-server",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<SignalHandling>();
    facts.covers::<Server>();
    for import in &code.imports {
        facts.add(
            Import {
                path: import.path.to_owned(),
            },
            import.span.clone(),
        );
        if STOPPERS.contains(&import.path) {
            facts.add(
                SignalHandling {
                    signals: vec!["SIGTERM".to_owned()],
                },
                import.span.clone(),
            );
        }
        if OTHER_ROUTERS.contains(&import.path) {
            facts.gap::<Route>(
                format!("routes of {} are not read yet", import.path),
                import.span.clone(),
            );
        }
    }
    for call in &code.calls {
        match call.method {
            "on" | "once" | "addListener" if call.receiver == "process" => {
                match call.positional(0).map(|signal| code.string(signal)) {
                    Some(Resolution::Known(signal)) if signal.starts_with("SIG") => {
                        facts.add(
                            SignalHandling {
                                signals: vec![signal],
                            },
                            code.place(call.node),
                        );
                    }
                    // `for (const signal of signals) process.on(signal, …)`
                    Some(Resolution::Unknown(_)) => facts.add(
                        SignalHandling {
                            signals: Vec::new(),
                        },
                        code.place(call.node),
                    ),
                    _ => {}
                }
            }
            "enableShutdownHooks" => facts.add(
                SignalHandling {
                    signals: vec!["SIGTERM".to_owned()],
                },
                code.place(call.node),
            ),
            "listen"
                if (!call.arguments.is_empty() || is_microservice(code))
                    && is_server(code, call) =>
            {
                let framework = if is_microservice(code) {
                    "NestJS microservice"
                } else if code.imports_module("express") {
                    "Express"
                } else {
                    "Node.js server"
                };
                facts.add(
                    Server {
                        framework,
                        stops_by_itself: false,
                    },
                    code.place(call.node),
                );
                if !call.arguments.is_empty() {
                    time_limits(code, call, facts);
                }
            }
            _ => {}
        }
    }
}

/// Whether the file starts a NestJS program that receives messages. Its transport, and not HTTP,
/// defines the address.
fn is_microservice(code: &Code<'_>) -> bool {
    code.imports_module("@nestjs/microservices")
        && ["createMicroservice", "connectMicroservice"]
            .iter()
            .any(|call| code.file.text.contains(call))
}

/// Since version 18 Node.js limits the time for headers (60 s) and requests (300 s) of every HTTP
/// server. A `0` removes a limit.
fn time_limits(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    // Fastify has settings of its own.
    if code.imports_module("fastify") || code.imports_module("net") {
        return;
    }
    let compact: String = code.file.text.split_whitespace().collect();
    let off = ["headersTimeout", "requestTimeout"].iter().find(|limit| {
        [
            format!(".{limit}=0;"),
            format!("{limit}:0,"),
            format!("{limit}:0}}"),
        ]
        .iter()
        .any(|form| compact.contains(form))
    });
    let (verdict, evidence) = match off {
        Some(limit) => (Verdict::Broken, format!("`{limit}` of Node.js is disabled")),
        None => (
            Verdict::Kept,
            "Node.js has a header timeout (default 60 s)".to_owned(),
        ),
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

/// Modules that make servers.
const SERVERS: &[&str] = &[
    "express",
    "http",
    "https",
    "http2",
    "node:http",
    "node:https",
    "node:http2",
    "fastify",
    "koa",
    "@nestjs/core",
    "@hapi/hapi",
    "restify",
    "net",
    "node:net",
    "socket.io",
    "polka",
    "connect",
];

/// `history.listen(…)` of a page is not a server, and a mock server in tests is not one either.
pub(super) fn is_server(code: &Code<'_>, call: &Call<'_>) -> bool {
    let made = code
        .binding(call.receiver)
        .map_or("", |made| code.text(made));
    if made.contains("setupServer(") {
        return false;
    }
    code.imports
        .iter()
        .any(|import| SERVERS.contains(&import.path))
        || [
            "createServer(",
            "express()",
            "fastify(",
            "new Koa(",
            "NestFactory",
        ]
        .iter()
        .any(|maker| made.contains(maker))
        || matches!(
            call.receiver.rsplit('.').next(),
            Some("app" | "server" | "httpServer")
        )
}
