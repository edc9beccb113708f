//! The status and the result of a call.

use axum::response::Response;
use seaworthy_core::{Code, Deadline, ResponseError};
use seaworthy_http::is_grpc;

use crate::trailers::grpc_status;

/// The result of a call that has not ended.
pub(crate) const UNKNOWN: &str = "unknown";
/// The result of a call without an error.
pub(crate) const OK: &str = "ok";

/// The result of a repeat that gets the stored response to its idempotency key.
const REPLAYED: &str = "replayed";
/// The header of such a response.
const REPLAYED_HEADER: &str = "idempotency-replayed";

/// The outcome of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) result: String,
}

impl Outcome {
    /// Returns the outcome of a response. `None` for a gRPC response whose trailers have the
    /// status.
    pub(crate) fn of_response(response: &Response) -> Option<Self> {
        let failure = response.extensions().get::<ResponseError>();
        let is_grpc = is_grpc(response.headers());
        let status = if is_grpc {
            let code = failure.map(|failure| failure.error().code().grpc());
            code.or_else(|| grpc_status(response.headers()))?
        } else {
            i32::from(response.status().as_u16())
        };
        let is_error = if is_grpc { status != 0 } else { status >= 400 };
        let reason = failure.map(|failure| failure.error().reason().to_owned());
        let result = match response.headers().contains_key(REPLAYED_HEADER) {
            true => REPLAYED.to_owned(),
            false => reason.unwrap_or_else(|| result_of(is_error)),
        };
        Some(Self { status, result })
    }

    /// Returns the outcome of a gRPC response by its trailers.
    pub(crate) fn of_trailers(status: i32) -> Self {
        let result = result_of(status != 0);
        Self { status, result }
    }

    /// Returns the outcome of a call that is dropped before its response is complete: it panicked,
    /// its deadline has passed, its client disconnected, or a stop aborted it.
    pub(crate) fn of_dropped(deadline: Option<Deadline>, is_grpc: bool) -> Self {
        let code = if std::thread::panicking() {
            Code::Internal
        } else if deadline.is_some_and(Deadline::has_passed) {
            Code::DeadlineExceeded
        } else {
            Code::Cancelled
        };
        let status = match is_grpc {
            true => code.grpc(),
            false => i32::from(code.http_status()),
        };
        Self {
            status,
            result: code.name().to_owned(),
        }
    }
}

fn result_of(is_error: bool) -> String {
    if is_error { "error" } else { OK }.to_owned()
}

/// Whether a response is a rejection: a status 4xx, or a gRPC error without a message.
pub(crate) fn is_rejected(response: &Response) -> bool {
    let failure = response.extensions().get::<ResponseError>();
    let code = failure.map(|failure| failure.error().code().http_status());
    let is_rejected = |status| (400..500).contains(&status);
    is_rejected(response.status().as_u16())
        || code.is_some_and(is_rejected)
        || grpc_status(response.headers()).is_some_and(|status| status != 0)
}
