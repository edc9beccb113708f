//! Handlers that log the whole body of a request or a message.

use tree_sitter::Node;

use super::practice::{mentions, show};
use super::{Pack, Reader};
use crate::model::FactSink;
use crate::model::facts::{Practice, Verdict};
use crate::repository::Role;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "logged requests",
    reader: Reader::Code(&[Language::Java, Language::TypeScript], read),
}];

/// Annotations of a parameter that is the body of a request or a message.
const BODIES: &[&str] = &["@RequestBody", "@Payload", "@Body("];
/// Annotations of a method whose parameters are messages.
const LISTENERS: &[&str] = &[
    "@KafkaListener",
    "@RabbitListener",
    "@JmsListener",
    "@SqsListener",
];
const PARAMETERS: &[&str] = &["formal_parameter", "required_parameter"];
const METHODS: &[&str] = &["method_declaration", "method_definition"];
/// Types of a single value, which is not a whole body.
const PLAIN: &[&str] = &[
    "string",
    "long",
    "int",
    "number",
    "boolean",
    "uuid",
    "acknowledgment",
];
const LEVELS: &[&str] = &["info", "debug", "warn", "error", "log", "trace", "verbose"];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    if code.file.role != Role::Production {
        return;
    }
    for method in code.find_all(code.root, METHODS) {
        let bodies = bodies(code, method);
        if bodies.is_empty() {
            continue;
        }
        for call in code.calls_within(method) {
            let Some(name) = is_log(call).then(|| logged(code, call, &bodies)).flatten() else {
                continue;
            };
            let evidence = format!("a log record contains the whole `{name}` of the caller");
            show(
                code,
                facts,
                call.node,
                Practice::BodyLogged,
                Verdict::Review,
                evidence,
            );
        }
    }
}

/// The parameters of a method that hold the body of a request or a message.
fn bodies<'t>(code: &Code<'t>, method: Node<'t>) -> Vec<&'t str> {
    let listens = LISTENERS.iter().any(|own| code.text(method).contains(own));
    code.find_all(method, PARAMETERS)
        .into_iter()
        .filter(|parameter| {
            let text = code.text(*parameter);
            let kind = parameter
                .child_by_field_name("type")
                .map_or("", |kind| code.text(kind))
                .trim_start_matches([':', ' '])
                .to_lowercase();
            (listens || BODIES.iter().any(|body| text.contains(body)))
                && !PLAIN.contains(&kind.as_str())
        })
        .filter_map(|parameter| {
            parameter
                .child_by_field_name("name")
                .or_else(|| parameter.child_by_field_name("pattern"))
        })
        .map(|name| code.text(name))
        .collect()
}

fn is_log(call: &Call<'_>) -> bool {
    LEVELS.contains(&call.method) && mentions(call.receiver, &["log", "console"])
}

/// The body that a call gets as a whole.
fn logged<'t>(code: &Code<'t>, call: &Call<'t>, bodies: &[&'t str]) -> Option<&'t str> {
    call.arguments.iter().find_map(|argument| {
        let text = code.text(argument.value).trim();
        let inner = text
            .strip_prefix("JSON.stringify(")
            .and_then(|inner| inner.split([')', ',']).next())
            .unwrap_or(text);
        bodies.iter().copied().find(|body| *body == inner)
    })
}
