use city_events_contract::{ErrorResponse, join_error_code, too_many_requests};
use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse as _, Response},
    },
    contract::error::ErrorFormat,
    prelude::*,
};

/// Writes errors in the form of the contract, including those of the HTTP stack.
#[derive(Debug)]
pub(super) struct JoinErrors;

impl ErrorFormat for JoinErrors {
    fn adapt(&self, error: Error) -> Error {
        match error.code() {
            Code::Unauthenticated if error.reason() != "UNAUTHORIZED" => {
                let reason = error.reason().to_lowercase();
                Error::new(Code::Unauthenticated, "UNAUTHORIZED", "unauthorized")
                    .with_field("reason", reason)
            }
            _ => error,
        }
    }

    fn http(&self, error: Error) -> Response {
        // The outer layers log the error from the extensions.
        let mut response = match error.reason() {
            "RATE_LIMITED" => too_many_requests(&error),
            _ => contract_response(&error).into_response(),
        };
        let with_cause = error.into_response();
        *response.extensions_mut() = with_cause.extensions().clone();
        response
    }
}

/// Returns the response with the code and the status that the contract fixes.
fn contract_response(error: &Error) -> ErrorResponse {
    let (code, status) = match join_error_code(error.reason()) {
        Some(code) => code,
        None if error.code() == Code::Internal => ("internal", None),
        None => return ErrorResponse::from(error),
    };
    let of_code = StatusCode::from_u16(error.code().http_status());
    let status = status.or(of_code.ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    ErrorResponse::new(status, code, error.message())
}
