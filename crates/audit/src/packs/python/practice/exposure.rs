//! Internal content that Python code shows to callers, input of callers that it trusts, and state
//! that it keeps in memory.

use tree_sitter::Node;

use crate::model::facts::{Blocking, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::exposed::{SECRET_WORDS, debug_route, identity};
use crate::packs::memory::is_entity;
use crate::packs::message::consumes;
use crate::packs::practice::{mentions, show};
use crate::packs::request::answered_500;
use crate::syntax::{Call, Code};

pub(super) fn exposure(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let first = || call.positional(0).map(|value| code.string(value));
    let decorates = call
        .node
        .parent()
        .is_some_and(|around| around.kind() == "decorator");
    if decorates
        && matches!(call.method, "route" | "get" | "post" | "put" | "delete")
        && let Some(Resolution::Known(path)) = first()
    {
        debug_route(code, call.node, &path, facts);
    }
    if call.method == "get"
        && call.receiver.ends_with("headers")
        && let Some(Resolution::Known(name)) = first()
    {
        identity(code, call.node, &name, facts);
    }
    if call.receiver == "random" && !is_secure(code, call) {
        let function = code.name_around(call.node).to_lowercase();
        let name = code
            .enclosing(call.node, &["assignment"])
            .and_then(|around| around.child_by_field_name("left"))
            .map_or(String::new(), |left| code.text(left).to_lowercase());
        if mentions(&function, SECRET_WORDS) || mentions(&name, SECRET_WORDS) {
            show(
                code,
                facts,
                call.node,
                Practice::WeakRandom,
                Verdict::LikelyBroken,
                "`random` is predictable, and the value is used as a secret",
            );
        }
    }
    if call.method == "setLevel"
        && call.positional(0).is_some_and(|level| {
            matches!(code.text(level), "logging.DEBUG" | "\"DEBUG\"" | "'DEBUG'")
        })
        && code.enclosing(call.node, &["if_statement"]).is_none()
    {
        show(
            code,
            facts,
            call.node,
            Practice::LogLevel,
            Verdict::Broken,
            "the level is always debug",
        );
    }
    if call.method == "listen" && code.imports_module("redis") && mentions(call.receiver, &["sub"])
    {
        consumes(code, call.node, "Redis", facts);
        let form = "a loop over messages";
        facts.add(Blocking { form }, code.place(call.node));
    }
    if call.method == "start_consuming" {
        let form = "`start_consuming`";
        facts.add(Blocking { form }, code.place(call.node));
    }
}

/// `except KeyboardInterrupt` around an endless loop: SIGTERM does not raise it.
pub(super) fn interrupted<'t>(code: &Code<'t>, caught: Node<'t>, facts: &mut FactSink<'_>) {
    let head = code.text(caught).lines().next().unwrap_or_default();
    if head.contains("KeyboardInterrupt") {
        let form = "`KeyboardInterrupt`, which SIGTERM does not raise";
        facts.add(Blocking { form }, code.place(caught));
    }
}

/// `return str(error), 500`, `return jsonify(error=str(error)), 500`.
pub(super) fn returned<'t>(code: &Code<'t>, node: Node<'t>, facts: &mut FactSink<'_>) {
    let text = code.text(node);
    let status = text.trim_end().trim_end_matches([')', '}']).trim_end();
    let failed = status.ends_with(", 500")
        || text.contains("status=500")
        || text.contains("status_code=500");
    if !failed {
        return;
    }
    let is_exposed = [
        "str(e)",
        "str(err)",
        "str(ex)",
        "str(exc)",
        "str(error)",
        "str(exception)",
        "{e}",
        "{err}",
        "{error}",
        "{exc}",
        "repr(e)",
        "format_exc(",
    ]
    .iter()
    .any(|form| text.contains(form));
    answered_500(code, node, is_exposed, facts);
}

/// `users = {}` at the top of a module, which functions change.
pub(super) fn state(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for node in code.find_all(code.root, &["assignment"]) {
        if code.function_around(node).is_some()
            || code.enclosing(node, &["class_definition"]).is_some()
        {
            continue;
        }
        let (Some(name), Some(value)) = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
        ) else {
            continue;
        };
        let name = code.text(name);
        let made = code.text(value);
        let empty = matches!(made, "{}" | "[]" | "dict()" | "list()" | "set()")
            || made.starts_with("defaultdict(");
        if !empty || !is_entity(name) {
            continue;
        }
        let text: &str = &code.file.text;
        let written = [".append(", ".add(", ".update(", "["]
            .iter()
            .any(|form| text.contains(&format!("    {name}{form}")));
        if written {
            show(
                code,
                facts,
                node,
                Practice::MemoryState,
                Verdict::Review,
                format!("`{name}` is kept in the memory of one process"),
            );
        }
    }
}

/// Whether numbers come from the operating system: `random.SystemRandom()`, also if a variable
/// `random` holds it.
fn is_secure(code: &Code<'_>, call: &Call<'_>) -> bool {
    const SOURCE: &str = "SystemRandom";
    call.method == SOURCE
        || code
            .binding("random")
            .and_then(|value| code.call_at(value))
            .is_some_and(|made| made.method == SOURCE)
}
