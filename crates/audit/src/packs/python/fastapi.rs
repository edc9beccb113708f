//! FastAPI: routes, routers, CORS.

use crate::model::facts::{Cors, CorsOrigins, Middleware, Mount, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "FastAPI",
    reader: Reader::Code(&[Language::Python], read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !(code.imports_module("fastapi") || code.imports_module("starlette")) {
        return;
    }
    facts.covers::<Route>();
    facts.covers::<Mount>();
    facts.covers::<Cors>();
    for call in &code.calls {
        match call.method {
            "get" | "post" | "put" | "delete" | "patch" | "head" | "options" | "api_route"
            | "websocket"
                if call
                    .node
                    .parent()
                    .is_some_and(|parent| parent.kind() == "decorator") =>
            {
                route(code, call, facts);
            }
            "add_api_route" => route(code, call, facts),
            "include_router" | "mount" => {
                let prefix = call
                    .keyword("prefix")
                    .or_else(|| call.positional(0).filter(|_| call.method == "mount"));
                let prefix = prefix.map_or(Resolution::Known(String::new()), |prefix| {
                    code.string(prefix)
                });
                let target = call
                    .arguments
                    .last()
                    .map_or("", |target| code.text(target.value))
                    .to_owned();
                facts.add(Mount { prefix, target }, code.place(call.node));
            }
            "APIRouter" => {
                if let Some(prefix) = call.keyword("prefix") {
                    facts.add(
                        Mount {
                            prefix: code.string(prefix),
                            target: String::new(),
                        },
                        code.place(call.node),
                    );
                }
            }
            "add_middleware" => {
                let Some(kind) = call.positional(0) else {
                    continue;
                };
                let name = code.text(kind).to_owned();
                if name.ends_with("CORSMiddleware") {
                    cors(code, call, facts);
                }
                facts.add(
                    Middleware {
                        name,
                        pipeline: call.receiver.to_owned(),
                    },
                    code.place(call.node),
                );
            }
            _ => {}
        }
    }
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(path) = call.positional(0).or_else(|| call.keyword("path")) else {
        return;
    };
    let application = code
        .binding(call.receiver)
        .is_some_and(|made| code.text(made).starts_with("FastAPI("));
    let method = match call.method {
        "api_route" | "add_api_route" => "*".to_owned(),
        other => other.to_uppercase(),
    };
    facts.add(
        Route {
            method,
            path: code.string(path),
            may_be_mounted: !application,
            handler: String::new(),
            pipeline: call.receiver.to_owned(),
        },
        code.place(call.node),
    );
}

fn cors(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let credentials = call
        .keyword("allow_credentials")
        .map_or(Resolution::Known(false), |value| code.boolean(value));
    let literal: Option<Vec<String>> = call
        .keyword("allow_origins")
        .and_then(|list| code.elements(list))
        .and_then(|elements| {
            elements
                .into_iter()
                .map(|element| code.string(element).known().cloned())
                .collect()
        });
    let origins = match literal {
        // Starlette returns the request's origin if the request has a cookie: `*` with credentials
        // allows every origin.
        Some(list) if list.iter().any(|origin| origin == "*") => {
            Resolution::Known(if credentials == Resolution::Known(true) {
                CorsOrigins::Reflected
            } else {
                CorsOrigins::Any
            })
        }
        Some(list) => Resolution::Known(CorsOrigins::List(list)),
        None => Resolution::Unknown("the origins are not literals".to_owned()),
    };
    facts.add(
        Cors {
            library: "CORSMiddleware",
            origins,
            credentials,
        },
        code.place(call.node),
    );
}
