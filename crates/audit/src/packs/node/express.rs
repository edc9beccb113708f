//! Express: routes, mounts, the `cors` package.

use tree_sitter::Node;

use super::LANGUAGES;
use crate::model::facts::{Cors, CorsOrigins, Middleware, Mount, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Express",
    reader: Reader::Code(LANGUAGES, read),
};

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let Some(framework) = FRAMEWORKS
        .iter()
        .find(|framework| code.imports.iter().any(|import| import.path == **framework))
    else {
        elsewhere(code, facts);
        return;
    };
    facts.covers::<Route>();
    facts.covers::<Mount>();
    facts.covers::<Cors>();
    for call in &code.calls {
        match call.method {
            "get" | "post" | "put" | "delete" | "patch" | "all" | "head" | "options"
                if call.arguments.len() >= 2 && !call.receiver.is_empty() =>
            {
                route(code, call, facts);
            }
            "route" if *framework == "fastify" && call.arguments.len() == 1 => {
                super::fastify::route(code, call, facts);
            }
            "use" => registration(code, call, facts),
            "register" => plugin(code, call, facts),
            "Router" | "KoaRouter" => {
                let prefix = call
                    .positional(0)
                    .and_then(|settings| code.fields(settings))
                    .and_then(|fields| {
                        fields
                            .iter()
                            .find(|(key, _)| *key == "prefix")
                            .map(|(_, value)| *value)
                    });
                if let Some(prefix) = prefix {
                    facts.add(
                        Mount {
                            prefix: code.string(prefix),
                            target: String::new(),
                        },
                        code.place(call.node),
                    );
                }
            }
            "cors" if call.receiver.is_empty() && code.imports_module("cors") => {
                cors(code, call, facts)
            }
            "header" | "setHeader" | "set" => header(code, call, facts),
            _ => {}
        }
    }
}

/// Frameworks whose routes have the shape `router.get(path, handler)`.
const FRAMEWORKS: &[&str] = &[
    "express",
    "fastify",
    "koa",
    "koa-router",
    "@koa/router",
    "hono",
    "restify",
    "polka",
    "@fastify/cors",
];

/// A plugin of Fastify, or a function that gets its router, imports no framework: what looks like a
/// route there is a gap.
fn elsewhere(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        let verb = matches!(
            call.method,
            "get" | "post" | "put" | "delete" | "patch" | "all" | "route"
        );
        let router = matches!(
            call.receiver.rsplit('.').next(),
            Some("app" | "router" | "server" | "fastify" | "instance" | "api")
        );
        let path = call.positional(0).is_some_and(|path| {
            code.string(path)
                .known()
                .is_some_and(|path| path.starts_with('/'))
        });
        if verb && router && path && call.arguments.len() >= 2 && !is_outbound(code, call) {
            facts.gap::<Route>(
                "the router of this route may be created elsewhere",
                code.place(call.node),
            );
            return;
        }
    }
}

fn is_handler(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function_expression"
            | "identifier"
            | "member_expression"
            | "call_expression"
            | "array"
    )
}

fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (Some(path), Some(last)) = (call.positional(0), call.arguments.last()) else {
        return;
    };
    if !is_handler(last.value)
        || matches!(path.kind(), "object" | "array" | "arrow_function" | "regex")
    {
        return;
    }
    let resolved = code.string(path);
    // `map.get(key, fallback)`: a name that is not a path is not a route.
    if resolved
        .known()
        .is_some_and(|path| !path.starts_with('/') && path != "*" && !path.is_empty())
        || is_outbound(code, call)
    {
        return;
    }
    if resolved.is_unknown() && !is_router(code, call.receiver) {
        return;
    }
    let application = code.binding(call.receiver).is_some_and(|made| {
        let made = code.text(made);
        made.ends_with("express()")
            || made.starts_with("fastify(")
            || made.starts_with("Fastify(")
            || made.starts_with("new Hono(")
    });
    let method = if call.method == "all" {
        "*".to_owned()
    } else {
        call.method.to_uppercase()
    };
    let handler = code
        .text(last.value)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    facts.add(
        Route {
            method,
            path: resolved,
            may_be_mounted: !application,
            handler,
            pipeline: call.receiver.to_owned(),
        },
        code.place(call.node),
    );
}

fn is_router(code: &Code<'_>, receiver: &str) -> bool {
    matches!(
        receiver,
        "app" | "router" | "server" | "this.app" | "this.router"
    ) || code.binding(receiver).is_some_and(|made| {
        let made = code.text(made);
        made.ends_with("express()")
            || made.contains("Router(")
            || made.to_lowercase().starts_with("fastify(")
    })
}

fn is_outbound(code: &Code<'_>, call: &Call<'_>) -> bool {
    matches!(
        call.receiver,
        "axios" | "http" | "https" | "got" | "request" | "superagent"
    ) || code
        .binding(call.receiver)
        .is_some_and(|made| code.text(made).contains("axios"))
}

/// `app.register(routes, { prefix: "/api" })`, `app.register(cors, { origin: "*" })`.
fn plugin(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(target) = call.positional(0) else {
        return;
    };
    let fields = call
        .positional(1)
        .and_then(|settings| code.fields(settings));
    let field = |name: &str| {
        fields.as_ref().and_then(|fields| {
            fields
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        })
    };
    let name = code.text(target);
    if name.to_lowercase().contains("cors") && code.imports_module("@fastify/cors") {
        let origins = match (call.positional(1), field("origin")) {
            (_, Some(origin)) => origin_value(code, origin),
            (None, None) => Resolution::Known(CorsOrigins::Any),
            _ => Resolution::Unknown("the CORS settings are defined elsewhere".to_owned()),
        };
        let credentials =
            field("credentials").map_or(Resolution::Known(false), |value| code.boolean(value));
        facts.add(
            Cors {
                library: "@fastify/cors",
                origins,
                credentials,
            },
            code.place(call.node),
        );
    } else if let Some(prefix) = field("prefix") {
        facts.add(
            Mount {
                prefix: code.string(prefix),
                target: name.to_owned(),
            },
            code.place(call.node),
        );
    }
}

fn registration(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(first) = call.positional(0) else {
        return;
    };
    let path = matches!(first.kind(), "string" | "template_string").then(|| code.string(first));
    for argument in call.arguments.iter().skip(usize::from(path.is_some())) {
        let text = code
            .text(argument.value)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        if let Some(prefix) = &path {
            facts.add(
                Mount {
                    prefix: prefix.clone(),
                    target: text.clone(),
                },
                code.place(argument.value),
            );
        }
        facts.add(
            Middleware {
                name: text,
                pipeline: call.receiver.to_owned(),
            },
            code.place(argument.value),
        );
    }
}

fn cors(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let (origins, credentials) = match call.positional(0) {
        None => (
            Resolution::Known(CorsOrigins::Any),
            Resolution::Known(false),
        ),
        Some(settings) => match code.fields(settings) {
            Some(fields) => {
                let field = |name: &str| {
                    fields
                        .iter()
                        .find(|(key, _)| *key == name)
                        .map(|(_, value)| *value)
                };
                let origins = field("origin")
                    .map_or(Resolution::Known(CorsOrigins::Any), |origin| {
                        origin_value(code, origin)
                    });
                (
                    origins,
                    field("credentials")
                        .map_or(Resolution::Known(false), |value| code.boolean(value)),
                )
            }
            None => {
                let reason = "the CORS settings are defined elsewhere".to_owned();
                (
                    Resolution::Unknown(reason.clone()),
                    Resolution::Unknown(reason),
                )
            }
        },
    };
    // The place of a named setting is its value.
    let place = call
        .positional(0)
        .map(|settings| code.follow(settings))
        .filter(|settings| code.fields(*settings).is_some())
        .filter(|settings| !call.node.byte_range().contains(&settings.start_byte()))
        .unwrap_or(call.node);
    facts.add(
        Cors {
            library: "cors",
            origins,
            credentials,
        },
        code.place(place),
    );
}

pub(super) fn origin_value<'t>(code: &Code<'t>, node: Node<'t>) -> Resolution<CorsOrigins> {
    if code.boolean(node) == Resolution::Known(true) {
        return Resolution::Known(CorsOrigins::Reflected);
    }
    if let Resolution::Known(origin) = code.string(node) {
        return Resolution::Known(if origin == "*" {
            CorsOrigins::Any
        } else {
            CorsOrigins::List(vec![origin])
        });
    }
    if fallback(code, node).is_some_and(|origin| origin == "*") {
        return Resolution::Known(CorsOrigins::AnyWithoutSetting);
    }
    let literal: Option<Vec<String>> = code.elements(node).and_then(|elements| {
        elements
            .into_iter()
            .map(|element| code.string(element).known().cloned())
            .collect()
    });
    match literal {
        Some(origins) if origins.iter().any(|origin| origin == "*") => {
            Resolution::Known(CorsOrigins::Any)
        }
        Some(origins) => Resolution::Known(CorsOrigins::List(origins)),
        None => Resolution::Unknown("the origins are not literals".to_owned()),
    }
}

/// The default for a missing value, such as `"*"` in `origins?.split(",") ?? "*"`.
fn fallback<'t>(code: &Code<'t>, node: Node<'t>) -> Option<String> {
    let node = code.follow(node);
    let operator = node.child_by_field_name("operator")?;
    let replaced = matches!(code.text(operator), "||" | "??");
    let right = node.child_by_field_name("right").filter(|_| replaced)?;
    let right = match code.elements(right).as_deref() {
        Some([only]) => *only,
        _ => right,
    };
    code.string(right).known().cloned()
}

/// `res.header("Access-Control-Allow-Origin", "*")`.
fn header(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let [name, value] = call.arguments.as_slice() else {
        return;
    };
    if code
        .string(name.value)
        .known()
        .is_none_or(|name| !name.eq_ignore_ascii_case("Access-Control-Allow-Origin"))
    {
        return;
    }
    let origins = if code.text(value.value).ends_with(".headers.origin") {
        Resolution::Known(CorsOrigins::Reflected)
    } else {
        code.string(value.value).map(|origin| {
            if origin == "*" {
                CorsOrigins::Any
            } else {
                CorsOrigins::List(vec![origin])
            }
        })
    };
    let credentials = Resolution::Unknown("the header of credentials is set elsewhere".to_owned());
    facts.add(
        Cors {
            library: "header",
            origins,
            credentials,
        },
        code.place(call.node),
    );
}
