//! Handlers that change a record of a caller's choice and never check the caller.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "ownership",
    reader: Reader::Code(
        &[Language::JavaScript, Language::TypeScript, Language::Python],
        read,
    ),
}];

/// Words of a handler that checks the caller, or a right of the caller.
const CALLER: &[&str] = &[
    "user",
    "session",
    "auth",
    "owner",
    "author",
    "admin",
    "moderator",
    "role",
    "permission",
    "account",
    "tenant",
    "principal",
    "decoded",
    "token",
    "claims",
    "guard",
    "can(",
];
/// Words of a handler that changes a record.
const CHANGES: &[&str] = &[".update(", ".delete(", ".remove(", ".destroy(", ".save("];
/// Words of a file or of its folder that shows that callers have identities.
const IDENTITIES: &[&str] = &["auth", "session", "user"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.language == Language::Python {
        for function in code.find_all(code.root, &["function_definition"]) {
            view(code, function, facts);
        }
        return;
    }
    for call in &code.calls {
        if matches!(call.method, "put" | "patch" | "delete") && call.arguments.len() >= 2 {
            route(code, call, facts);
        }
    }
}

/// `app.delete("/:id", options, handler)`. Options and handler are read together.
fn route(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let text = code.text(call.node);
    let chosen = text.contains("params") && text.contains(":id");
    let known = mentions(&code.file.text, IDENTITIES);
    if chosen && known && mentions(text, CHANGES) && !mentions(text, CALLER) {
        show(
            code,
            facts,
            call.node,
            Practice::Ownership,
            Verdict::Review,
            format!(
                "the handler of `{}` changes any record that the caller names",
                call.method
            ),
        );
    }
}

/// A method of a view in Django REST framework.
fn view<'t>(code: &Code<'t>, function: Node<'t>, facts: &mut FactSink<'_>) {
    let name = function
        .child_by_field_name("name")
        .map_or("", |name| code.text(name));
    if !matches!(
        name,
        "destroy" | "delete" | "update" | "put" | "patch" | "partial_update"
    ) {
        return;
    }
    let text = code.text(function);
    let looked_up = text.contains(".objects.get(") || text.contains("queryset.get(");
    let permitted = mentions(&code.file.text, &["isauthenticated", "permission_classes"]);
    if looked_up && permitted && mentions(text, CHANGES) && !mentions(text, CALLER) {
        show(
            code,
            facts,
            function,
            Practice::Ownership,
            Verdict::Review,
            format!("`{name}` changes a record of the caller's choice"),
        );
    }
}
