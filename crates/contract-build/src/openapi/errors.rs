use serde_json::{Map, Value, json};

/// The name of the schema of every error.
pub(super) const SCHEMA: &str = "Problem";

/// Every error that a route can answer with. The first two need a body.
const ERRORS: [(u16, &str, &str); 13] = [
    (413, "TooLarge", "The body is larger than the limit."),
    (
        415,
        "UnsupportedMediaType",
        "The body is in a form that is not read.",
    ),
    (
        400,
        "BadRequest",
        "The request cannot be read or breaks a rule; every bad field is named.",
    ),
    (
        401,
        "Unauthenticated",
        "The caller did not prove who they are.",
    ),
    (403, "Forbidden", "The caller may not do this."),
    (404, "NotFound", "There is no such thing."),
    (405, "MethodNotAllowed", "The path has no such method."),
    (
        409,
        "Conflict",
        "The request contradicts the present state.",
    ),
    (429, "TooManyRequests", "The caller exceeded a limit."),
    (500, "Internal", "The service failed."),
    (501, "NotImplemented", "The operation is not offered."),
    (503, "Unavailable", "The service cannot answer now."),
    (504, "DeadlineExceeded", "The answer was not ready in time."),
];
const NEED_A_BODY: usize = 2;

/// The form of errors on the wire.
#[derive(Debug, Clone)]
pub(crate) struct ErrorForm {
    pub(crate) media_type: String,
    pub(crate) schema: Value,
}

impl Default for ErrorForm {
    fn default() -> Self {
        Self {
            media_type: "application/problem+json".to_owned(),
            schema: problem(),
        }
    }
}

fn problem() -> Value {
    let text = |description: &str, most: u32| json!({ "type": "string", "maxLength": most, "description": description });
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "reason"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "maxLength": 2048, "description": "The kind of problem." },
            "title": text("The phrase of the status.", 256),
            "status": { "type": "integer", "format": "int32", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": text("What went wrong, for people.", 65536),
            "code": text("The kind of failure.", 64),
            "reason": text("The reason, for programs.", 128),
            "request_id": text("The identifier of the request.", 256),
            "fields": {
                "type": "array",
                "description": "Every bad field.",
                "maxItems": 1024,
                "items": {
                    "type": "object",
                    "required": ["field", "description"],
                    "properties": {
                        "field": text("The path of the field.", 65536),
                        "description": text("What is wrong with it.", 65536),
                    },
                },
            },
        },
    })
}

/// The answers that operations refer to.
pub(super) fn responses(form: &ErrorForm) -> Map<String, Value> {
    ERRORS
        .iter()
        .map(|(status, name, description)| {
            let content = json!({
                form.media_type.as_str(): { "schema": { "$ref": format!("#/components/schemas/{SCHEMA}") } }
            });
            let mut response = json!({ "description": description, "content": content });
            if matches!(status, 429 | 503)
                && let Some(response) = response.as_object_mut()
            {
                response.insert(
                    "headers".to_owned(),
                    json!({
                        "Retry-After": {
                            "description": "Seconds to wait before another try.",
                            "schema": { "type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX },
                        }
                    }),
                );
            }
            ((*name).to_owned(), response)
        })
        .collect()
}

/// The errors of one operation.
pub(super) fn of_operation(has_body: bool) -> impl Iterator<Item = (String, Value)> {
    let skipped = if has_body { 0 } else { NEED_A_BODY };
    let mut errors: Vec<_> = ERRORS.iter().skip(skipped).collect();
    errors.sort_by_key(|(status, ..)| *status);
    errors.into_iter().map(|(status, name, _)| {
        (
            status.to_string(),
            json!({ "$ref": format!("#/components/responses/{name}") }),
        )
    })
}
