use seaworthy::{
    axum::http::{HeaderName, HeaderValue, StatusCode, header},
    prelude::Json,
};
use serde_json::{Value, json};

/// One hour, in seconds. There is no media service, so earlier retries cannot succeed.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("3600");

/// Answers 503, because there is no media service.
pub(super) async fn unavailable() -> (StatusCode, [(HeaderName, HeaderValue); 1], Json<Value>) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, RETRY_AFTER)],
        Json(json!({ "error": "uploads are not available" })),
    )
}
