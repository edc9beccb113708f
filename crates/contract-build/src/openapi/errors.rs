use serde_json::{Map, Value, json};

use super::header;
use crate::{Access, contract::Method};

/// The name of the schema of every error.
pub(super) const SCHEMA: &str = "Problem";

/// The errors that routes can return.
const ERRORS: [(u16, &str, &str); 14] = [
    (413, "TooLarge", "The body is larger than the limit."),
    (
        415,
        "UnsupportedMediaType",
        "The route does not read the media type of the body.",
    ),
    (
        400,
        "BadRequest",
        "The request is malformed or invalid. The response names every invalid field.",
    ),
    (
        401,
        "Unauthenticated",
        "The credentials are missing or not valid.",
    ),
    (403, "Forbidden", "The caller lacks a permission."),
    (404, "NotFound", "The resource does not exist."),
    (
        405,
        "MethodNotAllowed",
        "The path does not support the method.",
    ),
    (
        409,
        "Conflict",
        "The request conflicts with the current state.",
    ),
    (
        422,
        "Unprocessable",
        "The Idempotency-Key was used for another request.",
    ),
    (429, "TooManyRequests", "The caller exceeded a limit."),
    (500, "Internal", "The service failed."),
    (
        501,
        "NotImplemented",
        "The service does not support the operation.",
    ),
    (
        503,
        "Unavailable",
        "The service is not available. Retry later.",
    ),
    (
        504,
        "DeadlineExceeded",
        "The service did not respond in time.",
    ),
];

#[derive(Debug, Clone)]
pub(crate) struct ErrorFormat {
    pub(crate) media_type: String,
    pub(crate) schema: Value,
}

impl Default for ErrorFormat {
    fn default() -> Self {
        Self {
            media_type: "application/problem+json".to_owned(),
            schema: problem(),
        }
    }
}

fn problem() -> Value {
    let text = |description: &str, max_length: u32| json!({ "type": "string", "maxLength": max_length, "description": description });
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "reason"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "maxLength": 2048, "description": "The kind of problem." },
            "title": text("The name of the status.", 256),
            "status": { "type": "integer", "format": "int32", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": text("The description of the error, for people.", 65536),
            "code": text("The kind of error.", 64),
            "reason": text("The reason of the error, for programs.", 128),
            "request_id": text("The identifier of the request.", 256),
            "fields": {
                "type": "array",
                "description": "Every invalid field.",
                "maxItems": 1024,
                "items": {
                    "type": "object",
                    "required": ["field", "description"],
                    "properties": {
                        "field": text("The path of the field.", 65536),
                        "description": text("The description of the error.", 65536),
                    },
                },
            },
        },
    })
}

/// Returns the responses that the operations of `paths` refer to.
pub(super) fn responses(format: &ErrorFormat, paths: &Value) -> Map<String, Value> {
    let paths = paths.to_string();
    ERRORS
        .iter()
        .filter(|(_, name, _)| paths.contains(&reference(name)))
        .map(|(status, name, description)| {
            let content = json!({
                format.media_type.as_str(): { "schema": { "$ref": format!("#/components/schemas/{SCHEMA}") } }
            });
            let response = json!({
                "description": description,
                "headers": header::of_response(*status),
                "content": content,
            });
            ((*name).to_owned(), response)
        })
        .collect()
}

fn reference(name: &str) -> String {
    format!("#/components/responses/{name}")
}

/// Returns the errors of one operation. A public operation does not identify its caller, so it
/// cannot reject the caller.
pub(super) fn of_operation(
    method: &Method,
    has_body: bool,
    has_key: bool,
) -> impl Iterator<Item = (String, Value)> {
    let is_flagged = method.flag.as_ref().is_some_and(|flag| !flag.is_hidden());
    let mut errors: Vec<_> = ERRORS
        .iter()
        .filter(|(status, ..)| match status {
            401 => method.access != Access::Public,
            403 => method.access != Access::Public || is_flagged,
            413 | 415 => has_body,
            422 => has_key,
            _ => true,
        })
        .collect();
    errors.sort_by_key(|(status, ..)| *status);
    errors
        .into_iter()
        .map(|(status, name, _)| (status.to_string(), json!({ "$ref": reference(name) })))
}
