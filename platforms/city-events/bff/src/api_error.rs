use city_events_contract::{ErrorResponse, join_error_code};
use seaworthy::{
    axum::{
        http::StatusCode,
        response::{IntoResponse, Response},
    },
    contract::error::from_status,
    core::ResponseError,
    prelude::*,
};
use tonic::Status;

/// An error response of the interface.
///
/// Client errors of an upstream service keep their reason. Other upstream errors become 502 or 504.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    cause: Option<Error>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            cause: None,
        }
    }

    /// Creates the error 400 `validation_failed`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_failed", message)
    }

    /// Creates the error 401 `unauthorized`.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send a valid access token",
        )
    }

    /// Attaches the cause for the log. It also sets `Retry-After`.
    pub(crate) fn with_cause(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Converts the status of an upstream call.
    pub(crate) fn from_upstream(status: &Status) -> Self {
        let error = from_status(status);
        let converted = match error.code() {
            Code::Unavailable => Self::new(
                StatusCode::BAD_GATEWAY,
                "internal_error",
                "a dependency is unavailable: try again later",
            ),
            Code::DeadlineExceeded | Code::Cancelled | Code::RequestTimeout => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_timeout",
                "a dependency did not respond in time: try again",
            ),
            Code::Unauthenticated if error.reason() != "TOKEN_REVOKED" => Self::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send a valid access token",
            ),
            Code::Forbidden if error.reason().starts_with("INSUFFICIENT") => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "not allowed")
            }
            code if code.is_server_fault() => Self::new(
                StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_GATEWAY),
                "internal_error",
                "a dependency failed",
            ),
            code => {
                let reason = error.reason();
                let (name, status) = match join_error_code(reason) {
                    Some((name, status)) => (name.to_owned(), status),
                    None => (reason.to_lowercase(), None),
                };
                let of_code = StatusCode::from_u16(code.http_status());
                let status = status.or(of_code.ok()).unwrap_or(StatusCode::BAD_GATEWAY);
                Self::new(status, name, error.message().to_owned())
            }
        };
        converted.with_cause(error)
    }
}

impl From<Status> for ApiError {
    fn from(status: Status) -> Self {
        Self::from_upstream(&status)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error_response = ErrorResponse::new(self.status, self.code, self.message);
        let mut response = match self.cause.as_ref().and_then(Error::retry_after) {
            Some(wait) => error_response.with_retry_after(wait).into_response(),
            None => error_response.into_response(),
        };
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(ResponseError::new(cause));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::contract::error::to_status;

    use super::*;

    fn convert(code: Code, reason: &'static str) -> (u16, String) {
        let status = to_status(&Error::new(code, reason, "why"));
        let error = ApiError::from_upstream(&status);
        (error.status.as_u16(), error.code)
    }

    #[test]
    fn converts_upstream_errors_to_codes_of_the_interface() {
        for (code, reason, status, name) in [
            (Code::Conflict, "EVENT_FULL", 409, "event.full"),
            (Code::NotFound, "JOIN_NOT_FOUND", 404, "join.not_found"),
            (
                Code::PreconditionFailed,
                "EVENT_CLOSED",
                410,
                "event.closed",
            ),
            (Code::Conflict, "EVENT_CLOSED", 410, "event.closed"),
            (Code::Forbidden, "JOIN_BANNED", 403, "join.banned"),
            (Code::Conflict, "INVALID_STATE", 409, "invalid_state"),
            (Code::Invalid, "VALIDATION_ERROR", 400, "validation_error"),
            (Code::Unauthenticated, "TOKEN_REVOKED", 401, "token_revoked"),
            (Code::Unauthenticated, "TOKEN_EXPIRED", 401, "unauthorized"),
            (Code::Unavailable, "BREAKER_OPEN", 502, "internal_error"),
            (Code::DeadlineExceeded, "TIMEOUT", 504, "upstream_timeout"),
            (Code::Internal, "INTERNAL", 500, "internal_error"),
        ] {
            assert_eq!(convert(code, reason), (status, name.to_owned()), "{reason}");
        }
    }
}
