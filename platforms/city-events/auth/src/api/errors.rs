use city_events_contract::ErrorResponse;
use seaworthy::{
    axum::response::{IntoResponse, Response},
    contract::error::ErrorFormat,
    prelude::*,
};

/// A refusal in the form of the contract.
#[derive(Debug)]
pub(super) struct Refusal(Error);

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer(self.0)
    }
}

/// Refusals of the framework in the words of the contract.
#[derive(Debug)]
pub(super) struct AuthErrors;

impl ErrorFormat for AuthErrors {
    fn adapt(&self, error: Error) -> Error {
        adapted(error)
    }

    fn http(&self, error: Error) -> Response {
        answer(error)
    }
}

/// The answer, which takes what logs need along.
pub(super) fn answer(error: Error) -> Response {
    let error = adapted(error);
    let mut response = ErrorResponse::from(&error).into_response();
    // The reason and the cause go to the log by way of the extensions.
    response
        .extensions_mut()
        .extend(error.into_response().extensions().clone());
    response
}

fn adapted(error: Error) -> Error {
    let is_limit_of_a_route = || error.fields().iter().any(|field| field.field == "scope");
    let (reason, message) = match error.reason() {
        "CREDENTIALS_MISSING" => ("TOKEN_MISSING", "log in first"),
        // Those are the contract's own words.
        "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED" => return error,
        "CREDENTIALS_UNREADABLE" => ("TOKEN_INVALID", "the token is not valid"),
        reason if reason.starts_with("TOKEN_") && error.code() == Code::Unauthenticated => {
            ("TOKEN_INVALID", "the token is not valid")
        }
        "RATE_LIMITED" if is_limit_of_a_route() => return error,
        "TOO_MANY_ATTEMPTS" | "RATE_LIMITED" => {
            ("RATE_LIMITED", "too many requests; try again later")
        }
        "STORE_UNAVAILABLE" | "STORE_CONTENDED" | "CIRCUIT_OPEN" => (
            "DB_UNAVAILABLE",
            "the service cannot answer now; try again later",
        ),
        "INTERNAL" => ("INTERNAL_ERROR", "the service failed to answer"),
        "CROSS_SITE_REQUEST" => ("FORBIDDEN", "a page of another site cannot do this"),
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
