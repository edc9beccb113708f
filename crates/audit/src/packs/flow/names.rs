//! Names of functions, of their types and of their callers.

use tree_sitter::Node;

use super::super::practice::mentions;
use super::words::CONSTRUCTORS;
use crate::syntax::{Call, Code};

/// The name of a function, or of the variable or field that holds it. Empty for neither.
pub(crate) fn function_name<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    function
        .child_by_field_name("name")
        .or_else(|| {
            let parent = function.parent()?;
            matches!(
                parent.kind(),
                "variable_declarator" | "public_field_definition"
            )
            .then(|| parent.child_by_field_name("name"))?
        })
        .map_or("", |name| code.text(name))
}

/// The class of a method, or the type of its receiver in Go.
pub(super) fn owner_type<'t>(code: &Code<'t>, function: Node<'t>) -> &'t str {
    if let Some(receiver) = function.child_by_field_name("receiver") {
        let text = code.text(receiver).trim_matches(['(', ')', ' ']);
        let name = text.rsplit([' ', '*']).next().unwrap_or_default();
        return name.split('[').next().unwrap_or_default();
    }
    code.enclosing(
        function,
        &[
            "class_declaration",
            "class_definition",
            "interface_declaration",
        ],
    )
    .and_then(|class| class.child_by_field_name("name"))
    .map_or("", |name| code.text(name))
}

/// The name of a type that may belong to the program: without its package, in capitals.
pub(super) fn own_type(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    if last.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        last
    } else {
        ""
    }
}

/// Whether a method may belong to the program, and creates no object.
pub(super) fn is_callable(call: &Call<'_>) -> bool {
    let lower = call.method.to_lowercase();
    call.method.len() > 2
        && !call.method.starts_with('@')
        && !["new", "init", "must", "provide", "setup", "with"]
            .iter()
            .any(|start| lower.starts_with(start))
}

/// Returns whether a function with this name in the service is probably the called one. The name
/// has two words, or the caller and the function belong to the same object or package.
pub(super) fn is_resolvable(call: &Call<'_>) -> bool {
    let name = call.method;
    let words = name.contains('_')
        || name
            .chars()
            .skip(1)
            .any(|letter| letter.is_ascii_uppercase());
    let own = matches!(call.receiver, "" | "this" | "self" | "s");
    let lower = name.to_lowercase();
    (words && name.len() > 5 || own && name.len() > 3)
        && !name.starts_with('@')
        && !name.ends_with('!')
        && !["new", "init", "must", "provide", "setup", "with"]
            .iter()
            .any(|start| lower.starts_with(start))
        && !is_registration(&lower)
}

/// Whether a function registers parts of the program, and not a user or a product.
fn is_registration(lower: &str) -> bool {
    lower.strip_prefix("register").is_some_and(|rest| {
        mentions(
            rest,
            &[
                "route",
                "handler",
                "server",
                "service",
                "middleware",
                "consumer",
                "plugin",
                "metric",
                "module",
                "command",
            ],
        )
    })
}

/// Whether a name belongs to a function that creates an object or starts the program.
pub(crate) fn is_start(name: &str) -> bool {
    let lower = name.trim_start_matches('_').to_lowercase();
    matches!(lower.as_str(), "run" | "start" | "serve" | "app")
        || is_registration(&lower)
        || CONSTRUCTORS
            .iter()
            .any(|maker| lower.starts_with(maker) && *maker != "create" && *maker != "make")
}
