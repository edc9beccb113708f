//! The headers of responses. None is required, because a gateway or a service without the layer
//! omits it.

use serde_json::{Map, Value, json};

/// The headers of every response.
const ALWAYS: [&str; 4] = [
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    "Access-Control-Allow-Origin",
];

/// The pattern of the items of a structured field (RFC 9651) with their parameters.
const RATE_LIMIT: &str = r#"^"[^"]*"(;[a-z]+=[^;,]+)*(, ?"[^"]*"(;[a-z]+=[^;,]+)*)*$"#;

/// Returns the definitions that responses refer to.
pub(super) fn definitions() -> Value {
    let text = |description: &str, pattern: &str, max_length: u32| {
        json!({
            "description": description,
            "schema": { "type": "string", "pattern": pattern, "maxLength": max_length },
        })
    };
    json!({
        "X-Request-Id": text("The identifier of the request, for support.", "^[!-~]+$", 256),
        "RateLimit": text("The remaining requests of the caller's rate limit, if there is one.", RATE_LIMIT, 1024),
        "RateLimit-Policy": text("The caller's rate limit, if there is one.", RATE_LIMIT, 1024),
        "Access-Control-Allow-Origin": text("The origin that may read the response, if CORS is enabled.", "^(\\*|null|[a-z][a-z0-9+.-]*://[^/?#]+)$", 2048),
        "Allow": text("The methods of the path.", "^[A-Z-]+(, ?[A-Z-]+)*$", 256),
        "Retry-After": {
            "description": "Seconds to wait until the next attempt.",
            "schema": { "type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX },
        },
    })
}

/// Returns the headers of a response.
pub(super) fn of_response(status: u16) -> Value {
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
