//! Problem documents of both protocols.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

/// The registry of problem types.
const TYPES: &str = "https://iana.org/assignments/http-problem-types";
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Returns a problem document with extension members (RFC 9457), of a registered type or of none.
pub(super) fn problem(
    status: StatusCode,
    name: Option<&str>,
    title: &str,
    members: &Value,
) -> Response {
    let mut body = json!({
        "type": name.map_or_else(|| "about:blank".to_owned(), |name| format!("{TYPES}#{name}")),
        "title": title,
        "status": status.as_u16(),
    });
    if let (Some(body), Some(members)) = (body.as_object_mut(), members.as_object()) {
        body.extend(members.clone());
    }
    (status, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response()
}
