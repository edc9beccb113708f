use city_events_contract::{ErrorResponse, too_many_requests};
use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    contract::error::ErrorFormat,
    prelude::*,
};

/// Formats errors as the contract requires, including errors of the middleware stack.
#[derive(Debug)]
pub(super) struct EventErrors;

impl ErrorFormat for EventErrors {
    fn adapt(&self, error: Error) -> Error {
        match (error.code(), error.reason()) {
            (Code::Unauthenticated, "UNAUTHORIZED" | "TOKEN_REVOKED") => error,
            (Code::Unauthenticated, reason) => {
                let reason = reason.to_lowercase();
                Error::new(Code::Unauthenticated, "UNAUTHORIZED", "unauthorized")
                    .with_field("reason", reason)
            }
            _ => error,
        }
    }

    fn http(&self, error: Error) -> Response {
        // The extensions carry the error, so that outer layers can log it.
        let mut response = match error.code() {
            Code::Internal => ErrorResponse::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                error.message(),
            )
            .into_response(),
            Code::Exhausted if error.reason() == "RATE_LIMITED" => too_many_requests(&error),
            _ => ErrorResponse::from(&error).into_response(),
        };
        let with_cause = error.into_response();
        *response.extensions_mut() = with_cause.extensions().clone();
        response
    }
}
