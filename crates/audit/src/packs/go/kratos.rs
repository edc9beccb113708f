//! Kratos: routes of generated and of hand-written code, servers, addresses, and how long a stop
//! takes.
//!
//! A Kratos application stops by itself on SIGTERM (`program`), and its gRPC server answers the
//! standard health service.

use super::duration::seconds;
use crate::model::facts::{Drain, Listener, Practice, Route, RouteCall, RouteFunction, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::address::listener;
use crate::packs::practice::show;
use crate::packs::{Pack, Reader};
use crate::source::{Language, SourceFile};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Kratos",
    reader: Reader::Code(&[Language::Go], read),
};

/// Kratos' generator writes the routes of a contract.
pub(super) const GENERATED: Pack = Pack {
    name: "generated routes of Kratos",
    reader: Reader::GeneratedCode(is_generated, generated),
};

const HTTP: &str = "github.com/go-kratos/kratos/v2/transport/http";
const GRPC: &str = "github.com/go-kratos/kratos/v2/transport/grpc";
const KRATOS: &str = "github.com/go-kratos/kratos/v2";

fn is_generated(file: &SourceFile) -> bool {
    file.language == Language::Go && file.name().ends_with("_http.pb.go")
}

fn generated(code: &Code<'_>, facts: &mut FactSink<'_>) {
    routes(code, facts);
    for function in code.find_all(code.root, &["function_declaration"]) {
        let Some(name) = function.child_by_field_name("name") else {
            continue;
        };
        if registers(code.text(name)) {
            let function = RouteFunction {
                name: code.text(name).to_owned(),
            };
            facts.add(function, code.place(name));
        }
    }
}

fn registers(function: &str) -> bool {
    function.starts_with("Register") && function.ends_with("HTTPServer")
}

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let (http, grpc) = (imports(code, HTTP), imports(code, GRPC));
    if http {
        routes(code, facts);
    }
    for call in &code.calls {
        if registers(call.method) && http {
            let function = RouteCall {
                name: call.method.to_owned(),
            };
            facts.add(function, code.place(call.node));
        }
        let option =
            (http && call.receiver.contains("http")) || (grpc && call.receiver.contains("grpc"));
        match call.method {
            "Address" if option && call.arguments.len() == 1 => {
                let address = call
                    .positional(0)
                    .map_or(Resolution::Absent, |address| code.string(address));
                facts.add::<Listener>(listener(address), code.place(call.node));
            }
            "NewServer" if option => server(code, call, facts),
            "StopTimeout" if call.receiver == "kratos" && code.imports_module(KRATOS) => {
                if let Some(time) = call.positional(0) {
                    let seconds = seconds(code.text(code.follow(time)));
                    facts.add(Drain { seconds }, code.place(call.node));
                }
            }
            _ => {}
        }
    }
}

/// A sub-package is another module: `transport/http/pprof` serves nothing of its own.
fn imports(code: &Code<'_>, module: &str) -> bool {
    code.imports.iter().any(|import| import.path == module)
}

/// gRPC limits its handshake. The HTTP server is a plain `http.Server`, and only its handlers have
/// a timeout (1 s by default).
fn server(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (verdict, evidence) = if call.receiver.contains("grpc") {
        (Verdict::Kept, "gRPC limits the handshake (default 120 s)")
    } else if ["ReadHeaderTimeout =", "ReadTimeout ="]
        .iter()
        .any(|field| code.file.text.contains(field))
    {
        (Verdict::Kept, "the Kratos server has a header timeout")
    } else {
        (
            Verdict::Minor,
            "Kratos limits only handlers (`http.Timeout`, default 1 s), and its server has neither `ReadHeaderTimeout` nor `ReadTimeout`",
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

/// `route := server.Route("/v1")`, `route.GET("/users/{id}", …)`, `server.HandlePrefix("/docs/",
/// …)`.
fn routes(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<Route>();
    for call in code.calls.iter().filter(|call| call.arguments.len() >= 2) {
        let Some(own) = call.positional(0) else {
            continue;
        };
        let (method, path) = match call.method {
            "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS" | "CONNECT"
            | "TRACE" => (call.method, code.string(own)),
            "HandlePrefix" => ("*", code.string(own).map(|prefix| prefix + "*")),
            "Handle" | "HandleFunc" if !code.imports_module("net/http") => ("*", code.string(own)),
            _ => continue,
        };
        let prefix = code
            .binding(call.receiver)
            .and_then(|made| code.call_at(made))
            .filter(|made| made.method == "Route")
            .and_then(|made| made.positional(0))
            .map_or(Resolution::Known(String::new()), |prefix| {
                code.string(prefix)
            });
        let path = match (prefix, path) {
            (Resolution::Known(prefix), Resolution::Known(path)) => {
                Resolution::Known(format!("{}{path}", prefix.trim_end_matches('/')))
            }
            _ => Resolution::Unknown("the path is not a literal".to_owned()),
        };
        let route = Route {
            method: method.to_owned(),
            path,
            may_be_mounted: false,
            handler: String::new(),
            pipeline: call.receiver.to_owned(),
        };
        facts.add(route, code.place(call.node));
    }
}
