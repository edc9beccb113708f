//! Functions that handle a message, by their names and the types of their parameters.

use std::sync::LazyLock;

use regex::Regex;
use tree_sitter::Node;

use super::super::practice::mentions;
use crate::source::Language;
use crate::syntax::Code;

/// Verbs of handlers of messages, in lower case.
const VERBS: &[&str] = &["handle", "on", "process", "consume", "receive", "listen"];
/// Annotations of handlers of events.
const ANNOTATIONS: &[&str] = &["@SagaEventHandler", "@EventHandler", "@EventsHandler"];
/// Words of handlers of a page, of a socket or of a request, and of code that rebuilds a state.
const OTHER: &[&str] = &[
    "socket",
    "click",
    "mouse",
    "error",
    "http",
    "request",
    "gin.context",
    "echo.context",
    "eventsourcing",
    "validationpipe",
];

/// A parameter whose type is that of a message or an event.
static PARAMETER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        // Java and Go: `OrderCreatedEvent event`, `ge event.GlobalEvent[…]`.
        r"\b[A-Z]\w*(?:Event|Message|Msg|Notification)(?:<[^>]*>)?\s+\w+|",
        r"\b\w+ \*?(?:\w+\.)?[A-Z]\w*(?:Event|Message|Msg)(?:\[[^)]*\])?\s*[,)]|",
        // TypeScript, Python, Kotlin: `event: OrderCreatedEvent`.
        r"\b\w+\s*:\s*[A-Z]\w*(?:Event|Message|Msg|Notification)\b|",
        // `def callback(channel, method, properties, body)` of pika.
        r"\bmethod,\s*properties,\s*body\b",
    ))
    .ok()
});

/// Whether the name and a parameter of a function are those of a handler of messages.
pub(super) fn takes_event<'t>(code: &Code<'t>, function: Node<'t>, name: &str, text: &str) -> bool {
    let parameters = function
        .child_by_field_name("parameters")
        .map_or("", |parameters| code.text(parameters));
    if mentions(&code.file.path, &["socket"])
        || mentions(parameters, OTHER)
        || mentions(name, OTHER)
        || parameters.len() > MAX_PARAMETERS
    {
        return false;
    }
    let typed = PARAMETER
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(parameters));
    let lower = name.trim_start_matches('_').to_lowercase();
    let named = VERBS.iter().any(|verb| {
        lower.strip_prefix(verb).is_some_and(|rest| {
            *verb != "on"
                || name.starts_with("on_")
                || name.get(2..3).is_some_and(is_capital)
                || rest.is_empty()
        })
    }) || lower.ends_with("messaging");
    let head = text.split('{').next().unwrap_or_default();
    let annotated = code.file.language == Language::Java
        && ANNOTATIONS
            .iter()
            .any(|annotation| head.contains(annotation));
    typed && named || annotated
}

fn is_capital(letter: &str) -> bool {
    letter.chars().all(|letter| letter.is_ascii_uppercase())
}

/// Maximum number of bytes of the parameters of a handler.
const MAX_PARAMETERS: usize = 400;
