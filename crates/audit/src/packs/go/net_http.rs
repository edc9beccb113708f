//! `net/http` multiplexers, and chi, whose methods have the same shape.

use crate::model::facts::{Middleware, Route};
use crate::model::{FactSink, Resolution};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "net/http",
    reader: Reader::Code(&[Language::Go], read),
};

const CHI: &str = "github.com/go-chi/chi";
const GORILLA: &str = "github.com/gorilla/mux";
/// Imports of routers that this pack does not read.
const OTHER_ROUTERS: &[&str] = &[
    "github.com/gofiber/fiber",
    "github.com/julienschmidt/httprouter",
    "github.com/grpc-ecosystem/grpc-gateway",
    "github.com/valyala/fasthttp",
    "github.com/beego/beego",
    "github.com/emicklei/go-restful",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for import in &code.imports {
        if OTHER_ROUTERS
            .iter()
            .any(|router| import.path.starts_with(router))
        {
            facts.gap::<Route>(
                format!("routes of {} are not read yet", import.path),
                import.span.clone(),
            );
        }
    }
    if !(code.imports_module("net/http") || code.imports_module(CHI)) {
        return;
    }
    for call in &code.calls {
        match call.method {
            "Use" if code.imports_module(CHI) => {
                for argument in &call.arguments {
                    let middleware = Middleware {
                        name: code.text(argument.value).to_owned(),
                        pipeline: call.receiver.to_owned(),
                    };
                    facts.add(middleware, code.place(argument.value));
                }
            }
            "HandleFunc" | "Handle" if call.arguments.len() >= 2 => handle(code, call, facts),
            "HandlerFunc" | "Handler"
                if code.imports_module(GORILLA) && call.arguments.len() == 1 =>
            {
                chained(code, call, facts);
            }
            "Get" | "Post" | "Put" | "Delete" | "Patch" | "Head" | "Method" | "MethodFunc"
                if code.imports_module(CHI) && call.receiver != "http" =>
            {
                add(code, call, &call.method.to_uppercase(), facts);
            }
            _ => {}
        }
    }
}

fn handle(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    add(code, call, "*", facts);
}

/// `router.Path("/users").Methods("GET").HandlerFunc(list)`.
fn chained(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let text = |start: &str| {
        let (_, rest) = call.receiver.split_once(start)?;
        Some(rest.split('"').next()?.to_owned())
    };
    let Some(path) = text("Path(\"").or_else(|| text("PathPrefix(\"").map(|path| path + "*"))
    else {
        return;
    };
    let method = text("Methods(\"")
        .or_else(|| {
            let (_, rest) = call.receiver.split_once("http.Method")?;
            let end = rest.find(|letter: char| !letter.is_alphabetic());
            Some(rest.get(..end.unwrap_or(rest.len()))?.to_uppercase())
        })
        .unwrap_or_else(|| "*".to_owned());
    let route = Route {
        method,
        path: Resolution::Known(path),
        may_be_mounted: true,
        handler: call
            .positional(0)
            .map_or("", |handler| code.text(handler))
            .to_owned(),
        pipeline: call
            .receiver
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    facts.add(route, code.place(call.node));
}

fn add(code: &Code<'_>, call: &Call<'_>, method: &str, facts: &mut FactSink<'_>) {
    let Some(path) = call.positional(0) else {
        return;
    };
    // `Handle(pattern)` of other libraries takes no text.
    if !matches!(
        path.kind(),
        "interpreted_string_literal"
            | "raw_string_literal"
            | "identifier"
            | "selector_expression"
            | "binary_expression"
    ) {
        return;
    }
    let mut method = method.to_owned();
    let path = code
        .string(path)
        .map(|pattern| match pattern.split_once(' ') {
            Some((verb, path)) => {
                verb.clone_into(&mut method);
                path.to_owned()
            }
            None => pattern,
        });
    // A pattern that ends in a slash matches all paths below it.
    let subtree = !code.imports_module(CHI) && !code.imports_module(GORILLA);
    let path = path.map(|path| {
        if subtree && path.ends_with('/') {
            path + "*"
        } else {
            path
        }
    });
    let handler = call
        .positional(1)
        .map_or("", |handler| code.text(handler))
        .to_owned();
    facts.add(
        Route {
            method,
            path,
            may_be_mounted: call.receiver != "http",
            handler,
            pipeline: call.receiver.to_owned(),
        },
        code.place(call.node),
    );
}
