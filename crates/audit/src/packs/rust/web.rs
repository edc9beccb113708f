//! axum, Actix Web and tonic: routes, servers, CORS, bodies.

use super::program::in_tests;
use crate::model::facts::{
    BodyLimit, Cors, CorsOrigins, DevelopmentHandler, Mount, Practice, Route, Server, Verdict,
};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "axum, Actix Web, tonic",
    reader: Reader::Code(&[Language::Rust], read),
};

/// Crates of routers that this pack does not read.
const OTHER_ROUTERS: &[&str] = &[
    "rocket",
    "warp",
    "poem",
    "salvo",
    "tide",
    "gotham",
    "dropshot",
    "utoipa_axum",
    "aide",
];

/// The methods that are looked at.
const METHODS: &[&str] = &[
    "route",
    "route_service",
    "resource",
    "nest",
    "nest_service",
    "scope",
    "serve",
    "serve_with_shutdown",
    "new",
    "permissive",
    "very_permissive",
    "allow_origin",
    "disable",
    "limit",
    "max",
    "to_bytes",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    facts.covers::<Server>();
    facts.covers::<Cors>();
    let imports = |name: &str| {
        code.imports
            .iter()
            .any(|import| import.path == name || import.path.starts_with(&format!("{name}::")))
            || code.file.text.contains(&format!("{name}::"))
    };
    for router in OTHER_ROUTERS.iter().filter(|router| imports(router)) {
        facts.gap::<Route>(format!("routes of {router} are not read"), 0..0);
    }
    let (axum, actix, tonic) = (imports("axum"), imports("actix_web"), imports("tonic"));
    if !(axum || actix || tonic || imports("tower_http")) {
        return;
    }
    if axum || actix {
        facts.covers::<Route>();
    }
    for call in code
        .calls
        .iter()
        .filter(|call| METHODS.contains(&call.method) && !in_tests(code, call.node))
    {
        match call.method {
            "route" | "route_service" if call.arguments.len() == 2 => {
                route(code, call.positional(0), call, facts)
            }
            "resource" if call.receiver == "web" => route(code, call.positional(0), call, facts),
            "nest" | "nest_service" | "scope" => {
                if let Some(prefix) = call.positional(0) {
                    facts.add(
                        Mount {
                            prefix: code.string(prefix),
                            target: String::new(),
                        },
                        code.place(call.node),
                    );
                }
            }
            "serve"
                if call.receiver == "axum"
                    || (tonic && call.receiver.contains("Server::builder")) =>
            {
                facts.add(
                    Server {
                        framework: if tonic { "tonic" } else { "axum" },
                        stops_by_itself: false,
                    },
                    code.place(call.node),
                );
            }
            "serve_with_shutdown" => facts.add(
                Server {
                    framework: "tonic",
                    stops_by_itself: false,
                },
                code.place(call.node),
            ),
            "new" if actix && call.receiver == "HttpServer" => facts.add(
                Server {
                    framework: "Actix Web",
                    stops_by_itself: true,
                },
                code.place(call.node),
            ),
            "permissive" | "very_permissive" if matches!(call.receiver, "CorsLayer" | "Cors") => {
                let reflected = call.receiver == "Cors" || call.method == "very_permissive";
                let origins = if reflected {
                    CorsOrigins::Reflected
                } else {
                    CorsOrigins::Any
                };
                let library = if call.receiver == "Cors" {
                    "actix-cors"
                } else {
                    "tower-http"
                };
                facts.add(
                    Cors {
                        library,
                        origins: Resolution::Known(origins),
                        credentials: Resolution::Known(reflected),
                    },
                    code.place(call.node),
                );
            }
            "allow_origin" if imports("tower_http") => {
                let given = call.positional(0).map_or("", |origin| code.text(origin));
                let origins = match given.rsplit("::").next().unwrap_or(given) {
                    "Any" | "any()" => Resolution::Known(CorsOrigins::Any),
                    "mirror_request()" => Resolution::Known(CorsOrigins::Reflected),
                    _ => Resolution::Unknown("the origins are not literals".to_owned()),
                };
                let credentials =
                    Resolution::Known(code.file.text.contains("allow_credentials(true)"));
                facts.add(
                    Cors {
                        library: "tower-http",
                        origins,
                        credentials,
                    },
                    code.place(call.node),
                );
            }
            "disable" if call.receiver.ends_with("DefaultBodyLimit") => {
                let other = code.file.text.contains("RequestBodyLimitLayer");
                let (verdict, evidence) = if other {
                    (Verdict::Kept, "another layer limits the body")
                } else {
                    (Verdict::LikelyBroken, "the body limit of axum is disabled")
                };
                show(
                    code,
                    facts,
                    call.node,
                    Practice::UnboundedBody,
                    verdict,
                    evidence,
                );
            }
            "limit"
                if actix
                    && mentions(
                        call.receiver,
                        &["jsonconfig", "payloadconfig", "formconfig"],
                    ) =>
            {
                body_limit(code, call, facts);
            }
            "max" if call.receiver.ends_with("DefaultBodyLimit") => body_limit(code, call, facts),
            "new" if call.receiver.ends_with("RequestBodyLimitLayer") => {
                body_limit(code, call, facts);
            }
            "to_bytes"
                if call
                    .positional(1)
                    .is_some_and(|limit| code.text(limit) == "usize::MAX") =>
            {
                show(
                    code,
                    facts,
                    call.node,
                    Practice::UnboundedBody,
                    Verdict::LikelyBroken,
                    "a body is collected with the limit `usize::MAX`",
                );
            }
            _ => {}
        }
    }
    if actix {
        attributes(code, facts);
    }
}

fn add(
    code: &Code<'_>,
    method: &str,
    path: Resolution<String>,
    pipeline: &str,
    node: tree_sitter::Node<'_>,
    facts: &mut FactSink<'_>,
) {
    let place = crate::model::Place {
        span: node.byte_range(),
        symbol: code.symbol_at(node.start_byte()),
    };
    facts.add(
        Route {
            method: method.to_owned(),
            path,
            may_be_mounted: true,
            handler: String::new(),
            pipeline: pipeline.chars().take(40).collect(),
        },
        place,
    );
}

fn route<'t>(
    code: &Code<'t>,
    path: Option<tree_sitter::Node<'t>>,
    call: &Call<'t>,
    facts: &mut FactSink<'_>,
) {
    let Some(path) = path else {
        return;
    };
    add(code, "*", code.string(path), "router", call.node, facts);
    if is_for_development(code, call.node) {
        let handlers = call
            .positional(1)
            .into_iter()
            .flat_map(|methods| code.calls_within(methods))
            .filter_map(|method| method.positional(0));
        for handler in handlers {
            let path = code.text(handler).rsplit_once("::");
            facts.add(
                DevelopmentHandler {
                    module: path
                        .map(|(module, _)| module.rsplit("::").next().unwrap_or(module).to_owned()),
                    name: path
                        .map_or_else(|| code.text(handler), |(_, name)| name)
                        .to_owned(),
                },
                code.place(call.node),
            );
        }
    }
}

/// Whether a place is reached in development alone: `if env == Env::Development { … }`.
fn is_for_development<'t>(code: &Code<'t>, node: tree_sitter::Node<'t>) -> bool {
    code.ancestors(node)
        .filter(|around| around.kind() == "if_expression")
        .filter_map(|around| {
            let inside = around.child_by_field_name("consequence")?;
            inside
                .byte_range()
                .contains(&node.start_byte())
                .then(|| around.child_by_field_name("condition"))?
        })
        .any(|condition| {
            let text = code.text(condition).to_lowercase();
            let named = ["development", "debug_assertions", "is_dev", "env::dev"]
                .iter()
                .any(|word| text.contains(word));
            named && !text.contains('!') && !text.contains("||")
        })
}

/// `#[get("/healthz")]`.
fn attributes(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for attribute in code.find_all(code.root, &["attribute_item"]) {
        let text = code.text(attribute);
        let Some((name, rest)) = text.trim_start_matches("#[").split_once('(') else {
            continue;
        };
        let method = name.rsplit("::").next().unwrap_or(name);
        if !matches!(
            method,
            "get" | "post" | "put" | "delete" | "patch" | "head" | "route"
        ) {
            continue;
        }
        if let Some(path) = rest
            .strip_prefix('"')
            .and_then(|rest| rest.split('"').next())
        {
            add(
                code,
                &method.to_uppercase(),
                Resolution::Known(path.to_owned()),
                "attribute",
                attribute,
                facts,
            );
        }
    }
}

/// Records a limit on request bodies if the file contains its size.
fn body_limit(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if let Some(bytes) = call.positional(0).and_then(|limit| code.integer(limit)) {
        facts.add(BodyLimit { bytes }, code.place(call.node));
    }
}
