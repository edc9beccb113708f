use city_events_contract::ErrorResponse;
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

/// A request that is refused, in the words of the interface. What a service behind this one said goes on; that one is away is said as such.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    cause: Option<Error>,
}

/// What a service answers in the interface's own words, where its status is not that of its kind.
const STATUSES: [(&str, StatusCode); 2] = [
    ("EVENT_CLOSED", StatusCode::GONE),
    ("JOIN_BANNED", StatusCode::FORBIDDEN),
];

/// Reasons of the join service, and their names in the interface.
const CODES: [(&str, &str); 8] = [
    ("REQUEST_INVALID", "request.invalid"),
    ("IDEMPOTENCY_KEY_REQUIRED", "idempotency_key.required"),
    ("AUTH_FORBIDDEN", "auth.forbidden"),
    ("JOIN_BANNED", "join.banned"),
    ("EVENT_NOT_FOUND", "event.not_found"),
    ("JOIN_NOT_FOUND", "join.not_found"),
    ("EVENT_FULL", "event.full"),
    ("EVENT_CLOSED", "event.closed"),
];

impl Refusal {
    /// A refusal of this service's own.
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

    /// 400: something in the request can never be accepted.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_failed", message)
    }

    /// 401: nobody knows who asks.
    pub(crate) fn unknown_caller() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "sign in first")
    }

    /// Keeps the error for the log.
    pub(crate) fn because(mut self, cause: Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What a service said, or that it said nothing.
    pub(crate) fn of_status(status: &Status) -> Self {
        let error = from_status(status);
        let refusal = match error.code() {
            Code::Unavailable => Self::new(
                StatusCode::BAD_GATEWAY,
                "internal_error",
                "something that this needs is away; try again later",
            ),
            Code::DeadlineExceeded | Code::Cancelled | Code::RequestTimeout => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "upstream_timeout",
                "something that this needs did not answer in time",
            ),
            Code::Unauthenticated if error.reason() != "TOKEN_REVOKED" => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "sign in first")
            }
            Code::Forbidden if error.reason().starts_with("INSUFFICIENT") => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "not allowed")
            }
            code if code.is_server_fault() => Self::new(
                StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_GATEWAY),
                "internal_error",
                "something that this needs failed",
            ),
            code => {
                let reason = error.reason();
                let own = STATUSES.iter().find(|(name, _)| *name == reason);
                let status = own.map_or_else(
                    || StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_GATEWAY),
                    |(_, status)| *status,
                );
                let named = CODES.iter().find(|(name, _)| *name == reason);
                let name = named.map_or_else(|| reason.to_lowercase(), |(_, name)| (*name).into());
                Self::new(status, name, error.message().to_owned())
            }
        };
        refusal.because(error)
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::of_status(&status)
    }
}

impl IntoResponse for Refusal {
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

    fn told(code: Code, reason: &'static str) -> (u16, String) {
        let status = to_status(&Error::new(code, reason, "why"));
        let refusal = Refusal::of_status(&status);
        (refusal.status.as_u16(), refusal.code)
    }

    #[test]
    fn what_a_service_says_goes_on_in_the_words_of_the_interface() {
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
            assert_eq!(told(code, reason), (status, name.to_owned()), "{reason}");
        }
    }
}
