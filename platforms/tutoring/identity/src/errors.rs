//! Errors with the codes of the interface.

use std::time::Duration;

use seaworthy::prelude::*;

use crate::live::LOCK_TTL;

/// Also for unknown accounts, so that a client cannot find out whether an account exists.
pub(crate) fn invalid_credentials(remaining: u32) -> Error {
    let message = "the e-mail address, the user name or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
        .with_metadata("remainingAttempts", remaining.to_string())
}

/// The ID of a path is not that of a user.
pub(crate) fn no_user() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no user has this ID")
}

pub(crate) fn account_locked(wait: Duration) -> Error {
    let message = "too many logins have failed: try again after the time in Retry-After";
    Error::new(Code::Forbidden, "ACCOUNT_LOCKED", message).with_retry_after(wait)
}

pub(crate) fn email_not_verified() -> Error {
    let message = "enter the code that was sent to the e-mail address";
    Error::new(Code::Forbidden, "EMAIL_NOT_VERIFIED", message)
}

pub(crate) fn account_disabled() -> Error {
    Error::new(Code::Forbidden, "FORBIDDEN", "the account is disabled")
}

/// Another call changed the account during this call.
pub(crate) fn account_changed() -> Error {
    let message = "the account changed during the call: repeat the call";
    Error::new(Code::Conflict, "CONFLICT", message)
}

pub(crate) fn taken() -> Error {
    let message = "the e-mail address, the user name or the telephone number is taken";
    Error::new(Code::Conflict, "CONFLICT", message)
}

pub(crate) fn invalid_code(remaining: u32) -> Error {
    let message = "the code is wrong or has expired: enter the last code or request a new one";
    Error::new(Code::Invalid, "INVALID_CODE", message)
        .with_metadata("remainingAttempts", remaining.to_string())
}

pub(crate) fn too_many_codes(wait: Duration) -> Error {
    let message = "wait before you request another code";
    Error::new(Code::Exhausted, "RATE_LIMITED", message).with_retry_after(wait)
}

pub(crate) fn not_sent(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let message = "the code could not be sent: try again later";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(cause)
}

pub(crate) fn sms_off() -> Error {
    let message = "codes by SMS are not available: log in with a password";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message)
}

pub(crate) fn google_off() -> Error {
    let message = "logins by Google are not available: log in with a password";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message)
}

pub(crate) fn google_unavailable(
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let message = "Google is not available: try again later";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(cause)
}

pub(crate) fn google_email_unverified() -> Error {
    let message = "Google has not verified your e-mail address";
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", message)
}

pub(crate) fn other_user() -> Error {
    Error::new(Code::Forbidden, "FORBIDDEN", "you can only use your own ID")
}

/// For unknown, expired and used refresh tokens.
pub(crate) fn refresh_token_invalid() -> Error {
    let message = "the refresh token is not valid: log in again";
    Error::new(Code::Unauthenticated, "REFRESH_TOKEN_INVALID", message)
}

/// Another request refreshes the session.
pub fn refresh_in_progress() -> Error {
    Error::new(Code::Exhausted, "RATE_LIMITED", "Refresh in progress").with_retry_after(LOCK_TTL)
}

pub(crate) fn token_invalid() -> Error {
    let message = "the token is not valid: log in again";
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", message)
}

pub(crate) fn sessions_unavailable(
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    let message = "sessions are unavailable: try again later";
    Error::new(Code::Unavailable, "SERVICE_DEGRADED", message).with_cause(cause)
}
