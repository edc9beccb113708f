use std::{collections::BTreeMap, time::Duration};

use seaworthy::{
    axum::{
        body::Body,
        http::{HeaderValue, StatusCode, header},
        response::{IntoResponse, Response},
    },
    core::context,
    http::PublicErrorBody,
    prelude::*,
};
use serde_json::json;

/// The body of a successful response of auth, event and join: `{"data": …}`.
///
/// ```
/// use city_events_contract::Data;
///
/// let body = serde_json::to_string(&Data { data: 7 })?;
/// assert_eq!(body, r#"{"data":7}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Data<T> {
    /// The result of the call.
    pub data: T,
}

/// An error response of City Events: `{"error": {code, message, meta?, request_id?}}`.
///
/// ```
/// use city_events_contract::ErrorResponse;
/// use seaworthy::axum::{http::StatusCode, response::IntoResponse as _};
///
/// let response = ErrorResponse::new(StatusCode::CONFLICT, "event.full", "event is full");
/// assert_eq!(response.into_response().status(), StatusCode::CONFLICT);
/// ```
#[derive(Debug)]
pub struct ErrorResponse {
    status: StatusCode,
    code: String,
    message: String,
    meta: BTreeMap<String, String>,
    retry_after: Option<u64>,
}

impl ErrorResponse {
    /// Creates a response with this status and with a code and a message of the contract.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            meta: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// Adds an entry to `meta`.
    #[must_use]
    pub fn with_meta(mut self, name: &str, value: impl Into<String>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }

    /// Sets `Retry-After` to `delay`, rounded up to whole seconds, at least one.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        self.retry_after = Some(seconds.max(1));
        self
    }
}

/// Returns the response to a request above a rate limit, which is a line of text.
#[must_use]
pub fn too_many_requests(error: &Error) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests").into_response();
    if let Some(seconds) = error.retry_after_seconds() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The code is the reason of the error in lower case.
impl From<&Error> for ErrorResponse {
    fn from(error: &Error) -> Self {
        let status = StatusCode::from_u16(error.code().http_status());
        let mut response = Self::new(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            error.reason().to_lowercase(),
            error.message(),
        );
        response.retry_after = error.retry_after_seconds();
        for violation in error.fields() {
            response = response.with_meta(&violation.field, violation.description.clone());
        }
        response
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(members) = error.as_object_mut() {
            if !self.meta.is_empty() {
                members.insert("meta".to_owned(), json!(self.meta));
            }
            context::with_current(|context| {
                if let Some(context) = context {
                    members.insert(
                        "request_id".to_owned(),
                        json!(context.request_id().as_str()),
                    );
                }
            });
        }
        let mut response = Response::new(Body::from(json!({ "error": error }).to_string()));
        *response.status_mut() = self.status;
        response.extensions_mut().insert(PublicErrorBody);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_responses_are_text_with_retry_after_res_6() {
        let error = Error::new(Code::Exhausted, "RATE_LIMITED", "wait");
        let response = too_many_requests(&error.with_retry_after(Duration::from_secs(60)));
        assert_eq!(response.status(), 429);
        let headers = response.headers();
        assert_eq!(headers["retry-after"], "60");
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
    }
}
