use std::time::Duration;

use seaworthy_core::{Code, Error};

use crate::error::reason;

/// The `Retry-After` of a running request. Most calls end within a second.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) fn took_too_long() -> Error {
    Error::new(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the request took longer than its time limit",
    )
}

pub(super) fn in_use() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENCY_KEY_IN_USE,
        "a request with this Idempotency-Key is running: try again later",
    )
    .with_retry_after(RETRY_AFTER)
}

pub(super) fn reused() -> Error {
    Error::new(
        Code::Unprocessable,
        reason::IDEMPOTENCY_KEY_REUSED,
        "this Idempotency-Key was used for another request: use a new key for each request",
    )
}

pub(super) fn not_kept() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENT_RESPONSE_NOT_STORED,
        "the request already took effect, and its response was not stored: read the current state",
    )
}

pub(super) fn unknown() -> Error {
    Error::new(
        Code::Conflict,
        reason::IDEMPOTENT_OUTCOME_UNKNOWN,
        "the request failed earlier, and may have taken effect: read the current state, and use a new Idempotency-Key to send the request again",
    )
}
