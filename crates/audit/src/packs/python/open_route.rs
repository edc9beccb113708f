//! Routes of FastAPI that list personal data without authentication.

use tree_sitter::Node;

use crate::model::FactSink;
use crate::model::facts::{Observation, Practice, Verdict};
use crate::packs::practice::mentions;
use crate::packs::{Pack, Reader};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACK: Pack = Pack {
    name: "open routes of FastAPI",
    reader: Reader::Code(&[Language::Python], read),
};

/// Parts of paths of personal data.
const PERSONAL: &[&str] = &[
    "transactions",
    "orders",
    "payments",
    "invoices",
    "users",
    "messages",
    "customers",
    "bookings",
    "accounts",
    "addresses",
];
/// Words of a dependency that authenticates a caller.
const GUARDS: &[&str] = &[
    "user",
    "auth",
    "token",
    "principal",
    "verify",
    "jwt",
    "security",
    "permission",
    "require",
    "current",
    "api_key",
    "session_id",
];
/// A text that guards all routes of the application.
const EVERYWHERE: &str = r"AuthenticationMiddleware|AuthMiddleware|JWTMiddleware";

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if !code.imports_module("fastapi") {
        return;
    }
    let routers: Vec<_> = code
        .calls
        .iter()
        .filter(|call| call.method == "APIRouter")
        .map(|call| code.text(call.node))
        .collect();
    if routers.iter().any(|router| router.contains("dependencies")) {
        return;
    }
    for call in code.calls.iter().filter(|call| call.method == "get") {
        let Some(definition) = code.enclosing(call.node, &["decorated_definition"]) else {
            continue;
        };
        let path = call.positional(0).map_or("", |path| code.text(path));
        let personal =
            mentions(path, PERSONAL) || routers.iter().any(|router| mentions(router, PERSONAL));
        if personal && !path.contains('{') && !is_guarded(code, call, definition) {
            let observation = Observation {
                practice: Practice::OpenRoute,
                verdict: Verdict::Review,
                elsewhere: EVERYWHERE,
                evidence: "a list of personal data needs no authentication".to_owned(),
            };
            facts.add(observation, code.place(call.node));
        }
    }
}

/// Whether a dependency of the route authenticates the caller.
fn is_guarded<'t>(code: &Code<'t>, call: &Call<'t>, definition: Node<'t>) -> bool {
    let parameters = definition
        .child_by_field_name("definition")
        .and_then(|function| function.child_by_field_name("parameters"))
        .map_or("", |parameters| code.text(parameters));
    let depends = |text: &str| {
        text.split("Depends(")
            .chain(text.split("Security("))
            .skip(1)
            .any(|dependency| {
                let name = dependency.split(')').next().unwrap_or_default();
                mentions(name, GUARDS)
            })
    };
    depends(parameters)
        || mentions(parameters, &["currentuser", "current_user"])
        || code.text(call.node).contains("dependencies")
}
