//! Handlers of health paths, in every language that defines handlers in the file of their route.

use tree_sitter::Node;

use super::payload::logs;
use super::{Pack, Reader};
use crate::model::facts::{HealthHandler, Practice, Verdict};
use crate::model::{FactSink, Resolution};
use crate::packs::practice::show;
use crate::source::Language;
use crate::syntax::{Call, Code};

pub(super) const PACKS: &[Pack] = &[Pack {
    name: "health handlers",
    reader: Reader::Code(
        &[
            Language::Go,
            Language::JavaScript,
            Language::TypeScript,
            Language::Tsx,
            Language::Python,
        ],
        read,
    ),
}];

/// Last parts of paths that are about health.
const PATHS: &[&str] = &[
    "health",
    "healthz",
    "livez",
    "live",
    "liveness",
    "ready",
    "readyz",
    "readiness",
    "healthcheck",
    "ping",
];
/// Calls that only write an answer.
const ANSWERING: &[&str] = &[
    "write",
    "writeheader",
    "header",
    "set",
    "json",
    "string",
    "status",
    "sendstatus",
    "encode",
    "newencoder",
    "fprint",
    "fprintf",
    "fprintln",
    "writestring",
    "h",
    "send",
    "end",
    "nocontent",
    "data",
    "now",
    "since",
    "unix",
    "toisostring",
    "uptime",
    "date",
    "body",
    "type",
    "code",
    "reply",
    "jsonresponse",
    "response",
    "dict",
    "utcnow",
    "isoformat",
    "[]byte",
    "byte",
    "setheader",
    "append",
    "add",
    "text",
    "memoryusage",
    "contenttype",
];
/// Methods that register a route.
const REGISTERING: &[&str] = &[
    "handlefunc",
    "handle",
    "get",
    "add_api_route",
    "route",
    "all",
    "any",
    "head",
];

fn read(code: &Code<'_>, facts: &mut FactSink<'_>) {
    for call in &code.calls {
        let method = call.method.to_lowercase();
        if method == "set" || method == "setwithttl" {
            cached(code, call, facts);
        }
        if !REGISTERING.contains(&method.as_str()) {
            continue;
        }
        let Some(Resolution::Known(path)) = call.positional(0).map(|path| code.string(path)) else {
            continue;
        };
        let path = path.rsplit(' ').next().unwrap_or(&path).to_owned();
        let last = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if !path.contains('/') || !PATHS.contains(&last) {
            continue;
        }
        let Some(body) = handler(code, call) else {
            continue;
        };
        let calls: Vec<String> = code
            .calls_within(body)
            .map(|inner| {
                if inner.receiver.is_empty() {
                    inner.method.to_lowercase()
                } else {
                    format!("{}.{}", inner.receiver, inner.method).to_lowercase()
                }
            })
            .collect();
        let constant = code.calls_within(body).all(|inner| {
                ANSWERING.contains(&inner.method.to_lowercase().as_str())
                    || logs(inner)
            })
            && !code.text(body).contains("await ")
            // A value that others change may decide the answer.
            && code.find_all(body, &["if_statement", "ternary_expression", "conditional_expression", "switch_statement", "try_statement"]).is_empty();
        facts.add(
            HealthHandler {
                path,
                constant,
                reports_state: constant && reports_state(code, body),
                calls,
            },
            code.place(call.node),
        );
    }
}

/// Words by which a value is known as the state of a dependency.
const STATES: &[&str] = &[
    "connected",
    "ready",
    "isup",
    "alive",
    "healthy",
    "available",
    "mongo",
    "redis",
    "postgres",
    "mysql",
    "database",
    "dbstat",
];

/// Whether the response contains a variable that reports a state.
fn reports_state<'t>(code: &Code<'t>, body: Node<'t>) -> bool {
    code.find_all(
        body,
        &["pair", "shorthand_property_identifier", "keyed_element"],
    )
    .into_iter()
    .any(|field| {
        let value = field
            .child_by_field_name("value")
            .or_else(|| field.named_child(1))
            .unwrap_or(field);
        let variable = matches!(
            value.kind(),
            "identifier"
                | "member_expression"
                | "attribute"
                | "selector_expression"
                | "shorthand_property_identifier"
                | "literal_element"
        ) && !code.text(value).contains(['"', '\'']);
        variable && crate::packs::practice::mentions(code.text(field), STATES)
    })
}

/// Returns the body of a handler in this file.
fn handler<'t>(code: &Code<'t>, call: &Call<'t>) -> Option<Node<'t>> {
    if code.file.language == Language::Python {
        let decorator = call
            .node
            .parent()
            .filter(|parent| parent.kind() == "decorator")?;
        return decorator
            .parent()?
            .child_by_field_name("definition")?
            .child_by_field_name("body");
    }
    let value = call.arguments.last()?.value;
    let function = match value.kind() {
        "func_literal" | "arrow_function" | "function_expression" => value,
        "identifier" => code.declared(code.text(value))?,
        "call_expression" if code.text(value).starts_with("http.HandlerFunc(") => value,
        _ => return None,
    };
    Some(function.child_by_field_name("body").unwrap_or(function))
}

/// `cache.Set("health", result, 0)`.
fn cached(code: &Code<'_>, call: &Call<'_>, facts: &mut FactSink<'_>) {
    let Some(Resolution::Known(key)) = call
        .arguments
        .iter()
        .take(2)
        .map(|argument| code.string(argument.value))
        .find(|key| key.known().is_some())
    else {
        return;
    };
    if !key.to_lowercase().contains("health") || !call.receiver.to_lowercase().contains("cache") {
        return;
    }
    let last = call
        .arguments
        .last()
        .map_or("", |argument| code.text(argument.value));
    if matches!(last, "0" | "cache.NoExpiration" | "-1") && call.arguments.len() >= 3 {
        show(
            code,
            facts,
            call.node,
            Practice::HealthCache,
            Verdict::Broken,
            "the result of a health check never expires",
        );
    } else if call.arguments.len() >= 3 {
        show(
            code,
            facts,
            call.node,
            Practice::HealthCache,
            Verdict::Kept,
            "the result of a health check expires",
        );
    }
}
