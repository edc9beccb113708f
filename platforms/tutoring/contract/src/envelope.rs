use std::{future::ready, sync::Arc};

use seaworthy::{
    axum::{
        body::Body,
        http::{HeaderValue, StatusCode, header},
        middleware::map_response,
        response::{IntoResponse, Response},
    },
    config::Settings,
    core::{Problem, ResponseError, context},
    prelude::*,
    resilience::rate_limit::RateLimitHeaders,
};
use serde_json::{Map, Value, json};

/// A successful response: `{"success":true,"message":…,"data":…}`. Without data it has no field
/// `data`.
///
/// ```
/// use tutoring_contract::Reply;
///
/// let body = serde_json::to_string(&Reply::new("logged in", 7))?;
/// assert_eq!(body, r#"{"success":true,"message":"logged in","data":7}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Reply<T> {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

impl<T> Reply<T> {
    /// Creates a response with data.
    pub const fn new(message: &'static str, data: T) -> Self {
        Self {
            success: true,
            message,
            data: Some(data),
        }
    }
}

impl Reply<()> {
    /// Creates a response without data.
    #[must_use]
    pub const fn message(message: &'static str) -> Self {
        Self {
            success: true,
            message,
            data: None,
        }
    }
}

impl<T: Serialize> Reply<T> {
    /// Returns the response with the status 200.
    #[must_use]
    pub fn into_response(self) -> Response {
        Json(self).into_response()
    }

    /// Returns a response with data and the status 200.
    ///
    /// # Errors
    /// Never. Handlers return the result as their last expression.
    pub fn ok(message: &'static str, data: T) -> HandlerResult {
        Ok(Self::new(message, data).into_response())
    }

    /// Returns a response with data and the status 201.
    ///
    /// # Errors
    /// Never. Handlers return the result as their last expression.
    pub fn created(message: &'static str, data: T) -> HandlerResult {
        Ok((StatusCode::CREATED, Self::new(message, data)).into_response())
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        Self::into_response(self)
    }
}

/// The cause of an error of an exhausted limit. The response has the headers of that limit.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the limit of requests is exhausted")]
pub struct ExhaustedLimit(pub RateLimitHeaders);

/// The result of a handler. The response to an error is an envelope.
pub type HandlerResult = Result<Response, Error>;

/// An extractor as a result, for a handler that checks its caller first.
pub type ExtractResult<T> = Result<T, Error>;

/// Reasons that have their own status or keep their code in responses.
const CODES: [(&str, StatusCode); 14] = [
    ("TOTP_REQUIRED", StatusCode::UNAUTHORIZED),
    ("TOTP_INVALID", StatusCode::UNAUTHORIZED),
    ("EMAIL_NOT_VERIFIED", StatusCode::FORBIDDEN),
    ("SERVICE_NOT_AVAILABLE", StatusCode::NOT_FOUND),
    ("CAPACITY_REACHED", StatusCode::CONFLICT),
    ("SLOT_TAKEN", StatusCode::CONFLICT),
    ("STALE_SEQUENCE", StatusCode::CONFLICT),
    ("GONE", StatusCode::GONE),
    ("ACCOUNT_LOCKED", StatusCode::LOCKED),
    ("INVALID_CREDENTIALS", StatusCode::UNAUTHORIZED),
    ("TOKEN_MISSING", StatusCode::UNAUTHORIZED),
    ("TOKEN_EXPIRED", StatusCode::UNAUTHORIZED),
    ("INVALID_CODE", StatusCode::BAD_REQUEST),
    ("SERVICE_UNAVAILABLE", StatusCode::BAD_GATEWAY),
];

/// Returns the status and the code of an error.
fn status_and_code(error: &Error) -> (StatusCode, &str) {
    let reason = error.reason();
    if let Some((code, status)) = CODES.iter().find(|(code, _)| *code == reason) {
        return (*status, code);
    }
    let status = StatusCode::from_u16(error.code().http_status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match error.code() {
        Code::Invalid => "VALIDATION_ERROR",
        Code::Unauthenticated if reason == "CREDENTIALS_MISSING" => "TOKEN_MISSING",
        Code::Unauthenticated => "TOKEN_INVALID",
        Code::Forbidden => "FORBIDDEN",
        Code::NotFound => "NOT_FOUND",
        Code::Conflict => "CONFLICT",
        Code::Exhausted => "RATE_LIMITED",
        Code::Unavailable => "SERVICE_DEGRADED",
        Code::DeadlineExceeded | Code::RequestTimeout => "REQUEST_TIMEOUT",
        Code::Internal => "INTERNAL_ERROR",
        _ => reason,
    };
    (status, code)
}

/// Returns the message of a response. The message of a 500 response is constant.
fn message_of<'a>(error: &'a Error, code: &str) -> &'a str {
    match code {
        "VALIDATION_ERROR" => "Validation error",
        "INTERNAL_ERROR" => "Internal server error",
        _ => error.message(),
    }
}

/// Returns the error response: `{"success":false,"message":…,"code":…,"errors":[…]}` with the
/// correlation ID. Metadata of the error are fields of `data`.
#[must_use]
pub fn error_response(error: Error) -> Response {
    rendered(ResponseError::new(error))
}

fn rendered(failure: ResponseError) -> Response {
    let error = failure.error();
    let (status, code) = status_and_code(error);
    let mut body = Map::new();
    body.insert("success".to_owned(), false.into());
    body.insert("message".to_owned(), message_of(error, code).into());
    body.insert("code".to_owned(), code.into());
    if code == "VALIDATION_ERROR" {
        body.insert("errors".to_owned(), invalid_fields(error));
    }
    let wait = error.retry_after_seconds();
    if let Some(seconds) = wait
        && matches!(status, StatusCode::LOCKED | StatusCode::TOO_MANY_REQUESTS)
    {
        body.insert("retryAfter".to_owned(), seconds.into());
    }
    if !error.metadata().is_empty() {
        let members = error.metadata().iter();
        let members = members.map(|(name, text)| ((*name).to_owned(), number_or_text(text)));
        body.insert("data".to_owned(), Value::Object(members.collect()));
    }
    context::with_current(|context| {
        if let Some(context) = context {
            let id = context.request_id().as_str();
            body.insert("correlationId".to_owned(), id.into());
        }
    });
    let mut response = Response::new(Body::from(Value::Object(body).to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, json);
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let cause = std::error::Error::source(error);
    if let Some(limit) = cause.and_then(|cause| cause.downcast_ref::<ExhaustedLimit>()) {
        limit.0.clone().apply(headers);
    }
    // The stack logs the reason and the cause.
    response.extensions_mut().insert(failure);
    response
}

/// Returns the invalid fields. A request that cannot be read is one of them.
fn invalid_fields(error: &Error) -> Value {
    if error.fields().is_empty() {
        return json!([{ "field": "request", "message": error.message() }]);
    }
    let fields = error.fields().iter();
    let fields = fields.map(|field| json!({ "field": field.field, "message": field.description }));
    fields.collect()
}

fn number_or_text(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| text.into(), Value::from)
}

/// Makes all responses of a service follow the interface: errors in envelopes, and correlation IDs
/// in `X-Correlation-ID`. Call it before other layers are added, so that they see the status of
/// the envelope.
pub fn use_envelopes<C: Settings>(service: &Assembly<C>) {
    service.error_renderers(
        Arc::new(error_response),
        Arc::new(|error| error.into_response()),
    );
    service.wrap_routes(|routes| {
        routes.layer(map_response(|response: Response| {
            ready(enveloped(response))
        }))
    });
    service.request_ids(RequestIds::Correlation);
}

/// Returns the envelope of an error that a handler or an extractor returned. Other responses stay.
fn enveloped(mut response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| kind != Problem::MEDIA_TYPE) {
        return response;
    }
    let failure = response.extensions_mut().remove::<ResponseError>();
    failure.map_or(response, rendered)
}

#[cfg(test)]
mod tests {
    use seaworthy::core::FieldViolation;

    use super::*;

    #[test]
    fn errors_have_status_and_code_of_the_interface_api_2() {
        for (code, reason, status, expected) in [
            (
                Code::Unauthenticated,
                "CREDENTIALS_MISSING",
                401,
                "TOKEN_MISSING",
            ),
            (Code::Unauthenticated, "TOKEN_EXPIRED", 401, "TOKEN_EXPIRED"),
            (Code::Unauthenticated, "TOKEN_REVOKED", 401, "TOKEN_INVALID"),
            (Code::Forbidden, "INSUFFICIENT_ROLE", 403, "FORBIDDEN"),
            (
                Code::Forbidden,
                "EMAIL_NOT_VERIFIED",
                403,
                "EMAIL_NOT_VERIFIED",
            ),
            (Code::NotFound, "ROUTE_NOT_FOUND", 404, "NOT_FOUND"),
            (Code::Conflict, "SLOT_TAKEN", 409, "SLOT_TAKEN"),
            (Code::Conflict, "USERNAME_TAKEN", 409, "CONFLICT"),
            (Code::Forbidden, "ACCOUNT_LOCKED", 423, "ACCOUNT_LOCKED"),
            (Code::Exhausted, "RATE_LIMITED", 429, "RATE_LIMITED"),
            (Code::Invalid, "MALFORMED_JSON", 400, "VALIDATION_ERROR"),
            (Code::Invalid, "INVALID_CODE", 400, "INVALID_CODE"),
            (
                Code::Unavailable,
                "SERVICE_UNAVAILABLE",
                502,
                "SERVICE_UNAVAILABLE",
            ),
            (Code::Unavailable, "CIRCUIT_OPEN", 503, "SERVICE_DEGRADED"),
            (Code::DeadlineExceeded, "TIMEOUT", 504, "REQUEST_TIMEOUT"),
        ] {
            let error = Error::new(code, reason, "a message");
            let (found, code) = status_and_code(&error);
            assert_eq!((found.as_u16(), code), (status, expected), "{reason}");
        }
    }

    #[test]
    fn problems_of_handlers_become_envelopes_api_2() {
        let locked = Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "a message");
        let response = enveloped(locked.into_response());
        assert_eq!(response.status(), StatusCode::LOCKED);
        assert!(response.extensions().get::<ResponseError>().is_some());
        let kind = |response: &Response| response.headers()[header::CONTENT_TYPE].clone();
        assert_eq!(kind(&response), "application/json; charset=utf-8");
        let page = ([(header::CONTENT_TYPE, "text/html")], "a page").into_response();
        assert_eq!(kind(&enveloped(page)), "text/html");
    }

    #[test]
    fn internal_causes_are_not_in_messages_sec_4() {
        let internal = Error::internal("password of db is hunter2");
        let (_, code) = status_and_code(&internal);
        assert_eq!(message_of(&internal, code), "Internal server error");
        let invalid = Error::invalid(vec![FieldViolation::new("email", "is empty")]);
        let (status, code) = status_and_code(&invalid);
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(message_of(&invalid, code), "Validation error");
        assert_eq!(number_or_text("4"), json!(4));
    }
}
