use city_events_contract::ErrorResponse;
use seaworthy::{
    axum::response::{IntoResponse, Response},
    contract::error::ErrorFormat,
    prelude::*,
};

/// An error in the response format of the contract.
#[derive(Debug)]
pub(super) struct ApiError(Error);

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        error_response(self.0)
    }
}

/// Maps errors of the framework to the codes of the contract.
#[derive(Debug)]
pub(super) struct AuthErrors;

impl ErrorFormat for AuthErrors {
    fn adapt(&self, error: Error) -> Error {
        adapt(error)
    }

    fn http(&self, error: Error) -> Response {
        error_response(error)
    }
}

/// Returns the error response. Its extensions carry the reason and the cause for the log.
pub(super) fn error_response(error: Error) -> Response {
    let error = adapt(error);
    let mut response = ErrorResponse::from(&error).into_response();
    response
        .extensions_mut()
        .extend(error.into_response().extensions().clone());
    response
}

fn adapt(error: Error) -> Error {
    let is_route_limit = || error.fields().iter().any(|field| field.field == "scope");
    let (reason, message) = match error.reason() {
        "CREDENTIALS_MISSING" => (
            "TOKEN_MISSING",
            "send an access token in the Authorization header",
        ),
        // These are codes of the contract.
        "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED" => return error,
        "CREDENTIALS_UNREADABLE" => ("TOKEN_INVALID", "the token is not valid"),
        reason if reason.starts_with("TOKEN_") && error.code() == Code::Unauthenticated => {
            ("TOKEN_INVALID", "the token is not valid")
        }
        "RATE_LIMITED" if is_route_limit() => return error,
        "TOO_MANY_ATTEMPTS" | "RATE_LIMITED" => {
            ("RATE_LIMITED", "too many requests, try again later")
        }
        "STORE_UNAVAILABLE" | "STORE_CONTENDED" | "CIRCUIT_OPEN" => (
            "DB_UNAVAILABLE",
            "the service is temporarily unavailable, try again later",
        ),
        "INTERNAL" => ("INTERNAL_ERROR", "the service failed to respond"),
        "CROSS_SITE_REQUEST" => ("FORBIDDEN", "requests from other sites are forbidden"),
        _ => return error,
    };
    let scope = match error.reason() {
        "TOO_MANY_ATTEMPTS" => Some("login"),
        "RATE_LIMITED" => Some("service"),
        _ => None,
    };
    let mut adapted = Error::new(error.code(), reason, message);
    if let Some(scope) = scope {
        adapted = adapted.with_field("scope", scope);
    }
    if let Some(wait) = error.retry_after() {
        adapted = adapted.with_retry_after(wait);
    }
    adapted.with_cause(error)
}
