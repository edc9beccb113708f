use seaworthy::{
    axum::http::{HeaderName, HeaderValue, StatusCode, header},
    prelude::Json,
};
use serde_json::{Value, json};

/// Nothing is worth trying again soon: the service of pictures does not exist yet.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("3600");

/// Pictures cannot be stored yet, and whoever asks is told so.
pub(super) async fn unavailable() -> (StatusCode, [(HeaderName, HeaderValue); 1], Json<Value>) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, RETRY_AFTER)],
        Json(json!({ "error": "pictures cannot be uploaded yet" })),
    )
}
