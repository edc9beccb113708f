//! The headers of answers. None is promised on every answer: a gateway or a service without the layer leaves it out.

use serde_json::{Map, Value, json};

/// The headers of every answer.
const ALWAYS: [&str; 4] = [
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    "Access-Control-Allow-Origin",
];

/// One item of a structured field (RFC 9651) with its parameters.
const RATE_LIMIT: &str = r#"^"[^"]*"(;[a-z]+=[^;,]+)*(, ?"[^"]*"(;[a-z]+=[^;,]+)*)*$"#;

/// The definitions that answers refer to.
pub(super) fn definitions() -> Value {
    let text = |description: &str, pattern: &str, most: u32| {
        json!({
            "description": description,
            "schema": { "type": "string", "pattern": pattern, "maxLength": most },
        })
    };
    json!({
        "X-Request-Id": text("The identifier of the request, for questions about it.", "^[!-~]+$", 256),
        "RateLimit": text("What is left of the caller's limit, where there is one.", RATE_LIMIT, 1024),
        "RateLimit-Policy": text("The caller's limit, where there is one.", RATE_LIMIT, 1024),
        "Access-Control-Allow-Origin": text("The origin that may read the answer, where other origins may call.", "^(\\*|null|[a-z][a-z0-9+.-]*://[^/?#]+)$", 2048),
        "Allow": text("The methods that the path has.", "^[A-Z-]+(, ?[A-Z-]+)*$", 256),
        "Retry-After": {
            "description": "Seconds to wait before another try.",
            "schema": { "type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX },
        },
    })
}

/// The headers of an answer.
pub(super) fn of_answer(status: u16) -> Value {
    let own = match status {
        405 => Some("Allow"),
        409 | 429 | 503 => Some("Retry-After"),
        _ => None,
    };
    let headers: Map<String, Value> = ALWAYS
        .into_iter()
        .chain(own)
        .map(|name| {
            let definition = json!({ "$ref": format!("#/components/headers/{name}") });
            (name.to_owned(), definition)
        })
        .collect();
    Value::Object(headers)
}
