//! Internal content that a Go service shows to callers: documents, profiles, debugging routes. Also
//! identities that it takes from the request without a check.

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::exposed::{SECRET_WORDS, debug_route, docs, identity};
use crate::packs::practice::{mentions, show};
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "Go exposure",
    reader: Reader::Code(&[Language::Go], read),
};

/// Functions that serve documents of the interface.
const DOCS: &[(&str, &str)] = &[
    ("openapiv2", "NewHandler"),
    ("ginSwagger", "WrapHandler"),
    ("httpSwagger", "Handler"),
    ("httpSwagger", "WrapHandler"),
    ("swagger", "HandlerDefault"),
    ("fiberSwagger", "WrapHandler"),
    ("middleware", "SwaggerUI"),
    ("reflection", "Register"),
];
const ROUTES: &[&str] = &[
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "Any",
    "Get",
    "Post",
    "Put",
    "Delete",
    "HandleFunc",
    "Handle",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    let math = code
        .imports
        .iter()
        .any(|import| matches!(import.path, "math/rand" | "math/rand/v2"));
    documents(code, facts);
    for call in &code.calls {
        if DOCS
            .iter()
            .any(|(package, method)| call.is(package, method))
        {
            let conditional = code.enclosing(call.node, &["if_statement"]).is_some();
            docs(code, call.node, conditional, facts);
        }
        if ROUTES.contains(&call.method)
            && call.arguments.len() >= 2
            && let Some(Resolution::Known(path)) = call.positional(0).map(|path| code.string(path))
        {
            debug_route(code, call.node, &path, facts);
        }
        if matches!(call.method, "Get" | "GetHeader")
            && mentions(call.receiver, &["header", "ctx", "c"])
        {
            header(code, call, facts);
        }
        if math && call.receiver == "rand" && call.method.starts_with(['I', 'U']) {
            weak(code, call, facts);
        }
        if call.is("pprof", "Register") {
            profile(code, call.node, facts);
        }
    }
    if code
        .imports
        .iter()
        .any(|import| import.path == "net/http/pprof")
    {
        let default = code.calls.iter().find(|call| {
            call.receiver == "http"
                && call.method.starts_with("ListenAndServe")
                && call.arguments.last().is_some_and(|handler| {
                    matches!(code.text(handler.value), "nil" | "http.DefaultServeMux")
                })
        });
        if let Some(serving) = default {
            let local = serving
                .positional(0)
                .is_some_and(|address| mentions(code.text(address), &["localhost", "127.0.0.1"]));
            if !local && code.enclosing(serving.node, &["if_statement"]).is_none() {
                profile(code, serving.node, facts);
            }
        }
    }
}

/// Handlers of documents that are given as values: `e.GET("/swagger/*", echoSwagger.WrapHandler)`.
const DOCS_VALUES: &[&str] = &[
    "echoSwagger.WrapHandler",
    "httpSwagger.WrapHandler",
    "fiberSwagger.WrapHandler",
    "swagger.HandlerDefault",
];

fn documents(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["selector_expression"]) {
        let called = node
            .parent()
            .is_some_and(|around| around.kind() == "call_expression");
        if !called && DOCS_VALUES.contains(&code.text(node)) {
            let conditional = code.enclosing(node, &["if_statement"]).is_some();
            docs(code, node, conditional, facts);
        }
    }
}

fn profile<'t>(code: &Code<'t>, node: tree_sitter::Node<'t>, facts: &mut FactSink<'_>) {
    if code.enclosing(node, &["if_statement"]).is_none() {
        show(
            code,
            facts,
            node,
            Practice::DebugRoute,
            Verdict::LikelyBroken,
            "profiles of the process are served here",
        );
    }
}

fn header(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    if call.arguments.len() != 1 {
        return;
    }
    if let Some(Resolution::Known(name)) = call.positional(0).map(|name| code.string(name)) {
        identity(code, call.node, &name, facts);
    }
}

/// `rand.Intn(…)` of `math/rand` in a function that makes a secret.
fn weak(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let name = code.name_around(call.node).to_lowercase();
    let left = code
        .enclosing(
            call.node,
            &["short_var_declaration", "assignment_statement"],
        )
        .and_then(|statement| statement.child_by_field_name("left"))
        .map_or(String::new(), |left| code.text(left).to_lowercase());
    if mentions(&name, SECRET_WORDS) || mentions(&left, SECRET_WORDS) || left == "code" {
        show(
            code,
            facts,
            call.node,
            Practice::WeakRandom,
            Verdict::LikelyBroken,
            "`math/rand` is predictable, and the value is used as a secret",
        );
    }
}
