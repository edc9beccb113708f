//! Internal content that Node.js code shows to callers, and input of callers that it trusts.

use crate::model::facts::{Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::exposed::{SECRET_WORDS, debug_route, docs, identity};
use crate::packs::practice::{mentions, show};
use crate::syntax::{Call, Code};

pub(super) fn exposure(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let conditional = || {
        code.enclosing(call.node, &["if_statement", "ternary_expression"])
            .is_some()
    };
    match (call.receiver, call.method) {
        ("SwaggerModule", "setup")
        | ("swaggerUi" | "swaggerUI" | "swagger", "setup" | "serveFiles") => {
            docs(code, call.node, conditional(), facts);
        }
        (_, "register")
            if call.positional(0).is_some_and(|plugin| {
                mentions(
                    code.text(plugin),
                    &["swaggerui", "swagger_ui", "scalar", "fastify-swagger-ui"],
                )
            }) =>
        {
            docs(code, call.node, conditional(), facts);
        }
        (_, "get" | "post" | "all" | "use" | "delete") if call.arguments.len() >= 2 => {
            if let Some(Resolution::Known(path)) = call.positional(0).map(|path| code.string(path))
            {
                debug_route(code, call.node, &path, facts);
            }
        }
        ("", "Get" | "Post") if call.arguments.len() == 1 => {
            let decorates = call
                .node
                .parent()
                .is_some_and(|around| around.kind() == "decorator");
            if let (true, Some(Resolution::Known(path))) =
                (decorates, call.positional(0).map(|path| code.string(path)))
            {
                debug_route(
                    code,
                    call.node,
                    &format!("/{}", path.trim_start_matches('/')),
                    facts,
                );
            }
        }
        ("Math", "random") => weak(code, call, facts),
        _ => {}
    }
    let header = matches!(call.method, "header" | "get")
        && mentions(call.receiver, &["req", "request", "headers"])
        || call.is("", "Headers");
    if header
        && call.arguments.len() == 1
        && let Some(Resolution::Known(name)) = call.positional(0).map(|name| code.string(name))
    {
        identity(code, call.node, &name, facts);
    }
}

/// `req.headers["x-user-id"]`.
pub(super) fn headers(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["subscript_expression"]) {
        let object = node
            .child_by_field_name("object")
            .map_or("", |object| code.text(object));
        let name = node
            .child_by_field_name("index")
            .map(|index| code.string(index));
        if let (true, Some(Resolution::Known(name))) = (object.ends_with("headers"), name) {
            identity(code, node, &name, facts);
        }
    }
}

/// `Math.random()` in a name or a function that makes a secret.
fn weak(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let function = code.name_around(call.node).to_lowercase();
    let name = code
        .enclosing(
            call.node,
            &["variable_declarator", "assignment_expression", "pair"],
        )
        .and_then(|around| {
            around
                .child_by_field_name("name")
                .or_else(|| around.child_by_field_name("left"))
                .or_else(|| around.child_by_field_name("key"))
        })
        .map_or(String::new(), |name| code.text(name).to_lowercase());
    if mentions(&function, SECRET_WORDS) || mentions(&name, SECRET_WORDS) || name == "code" {
        show(
            code,
            facts,
            call.node,
            Practice::WeakRandom,
            Verdict::LikelyBroken,
            "`Math.random` is predictable, and the value is used as a secret",
        );
    }
}
