use seaworthy::{
    axum::response::Response,
    contract::error::{CodedErrors, ErrorFormat},
    prelude::*,
    tonic::Status,
};

/// The error form of the contract, with its reasons for errors of the framework.
#[derive(Debug)]
pub(super) struct StarterErrors;

impl ErrorFormat for StarterErrors {
    fn adapt(&self, error: Error) -> Error {
        let (reason, message) = match (error.code(), error.reason()) {
            (_, "CREDENTIALS_MISSING") => (
                "TOKEN_MISSING",
                "send an access token: Authorization: Bearer TOKEN",
            ),
            (_, "CREDENTIALS_UNREADABLE") => (
                "INVALID_TOKEN_FORMAT",
                "the Authorization header must be: Bearer TOKEN",
            ),
            (Code::Unauthenticated, "TOKEN_EXPIRED") => {
                ("TOKEN_EXPIRED", "the token has expired: refresh it")
            }
            (Code::Unauthenticated, reason) if reason.starts_with("TOKEN_") => {
                ("TOKEN_INVALID", "the token is not valid: log in again")
            }
            (_, "INSUFFICIENT_SCOPE" | "INSUFFICIENT_ROLE") => (
                "INSUFFICIENT_PERMISSION",
                "the caller does not have the permission for this call",
            ),
            (_, "TOO_MANY_ATTEMPTS") => (
                "RATE_LIMITED",
                "too many attempts have failed: try again later",
            ),
            _ => return error,
        };
        let adapted = Error::new(error.code(), reason, message);
        let adapted = match error.retry_after() {
            Some(wait) => adapted.with_retry_after(wait),
            None => adapted,
        };
        adapted.with_cause(error)
    }

    fn http(&self, error: Error) -> Response {
        CodedErrors.http(error)
    }

    fn grpc(&self, error: Error) -> Status {
        CodedErrors.grpc(error)
    }
}
