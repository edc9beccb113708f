//! The status and the result of a call.

use axum::response::Response;
use seaworthy_contract::idempotency::Replayed;
use seaworthy_core::{Code, Deadline, ResponseError};
use seaworthy_http::{RpcStatus, is_grpc};

/// The result of a call that has not ended.
pub(crate) const UNKNOWN: &str = "unknown";
/// The result of a call without an error.
pub(crate) const OK: &str = "ok";

/// The result of a repeat that gets the stored response to its idempotency key.
const REPLAYED: &str = "replayed";

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
            code.or_else(|| RpcStatus::of(response.headers()).map(number))?
        } else {
            i32::from(response.status().as_u16())
        };
        let is_error = if is_grpc { status != 0 } else { status >= 400 };
        let reason = failure.map(|failure| failure.error().reason().to_owned());
        let result = match response.extensions().get::<Replayed>() {
            Some(_) => REPLAYED.to_owned(),
            None => reason.unwrap_or_else(|| result_of(is_error)),
        };
        Some(Self { status, result })
    }

    /// Returns the outcome of a gRPC response by its trailers.
    pub(crate) fn of_trailers(status: RpcStatus) -> Self {
        Self {
            status: number(status),
            result: result_of(!status.is_ok()),
        }
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
        Self::of_code(code, is_grpc)
    }

    /// Returns the outcome of a call without a response.
    pub(crate) fn of_code(code: Code, is_grpc: bool) -> Self {
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

fn number(status: RpcStatus) -> i32 {
    status.number().into()
}

fn result_of(is_error: bool) -> String {
    if is_error { "error" } else { OK }.to_owned()
}

/// Whether a response is a rejection: status 4xx, or a gRPC client error without messages.
pub(crate) fn is_rejected(response: &Response) -> bool {
    let failure = response.extensions().get::<ResponseError>();
    let code = failure.map(|failure| failure.error().code().http_status());
    let is_rejected = |status| (400..500).contains(&status);
    is_rejected(response.status().as_u16())
        || code.is_some_and(is_rejected)
        || RpcStatus::of(response.headers())
            .is_some_and(|status| !status.is_ok() && !status.is_server_fault())
}
