//! Errors with the reasons of the contract.

use std::time::{Duration, SystemTime};

use seaworthy::{core::FieldViolation, prelude::*};

pub(crate) fn invalid_field(field: &str, description: &str) -> Error {
    Error::invalid(vec![FieldViolation::new(field, description)])
}

pub(crate) fn user_exists() -> Error {
    let message = "the user name, the e-mail address or the phone number is taken";
    Error::new(Code::Conflict, "USER_EXISTS", message)
}

pub(crate) fn password_weak(problem: impl Into<String>) -> Error {
    Error::new(Code::Invalid, "PASSWORD_WEAK", problem.into())
}

/// Returns the error for a wrong password. Unknown users get it too, so that a client cannot find
/// out whether a user exists.
pub(crate) fn password_incorrect() -> Error {
    let message = "the user name or the password is wrong";
    Error::new(Code::Unauthenticated, "PASSWORD_INCORRECT", message)
}

/// Returns the error for a locked account. User names that do not exist get it too.
pub(crate) fn account_locked(wait: Duration) -> Error {
    let message = "too many logins have failed: try again at unlock_time";
    Error::new(Code::Forbidden, "ACCOUNT_LOCKED", message)
        .with_metadata("unlock_time", unix_seconds_after(wait).to_string())
        .with_retry_after(wait)
}

/// Returns the time after a wait, in seconds since 1970, rounded up.
pub(crate) fn unix_seconds_after(wait: Duration) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let end = now.unwrap_or_default().saturating_add(wait);
    i64::try_from(end.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX)
}

pub(crate) fn captcha_missing(id: &str, code: &str) -> Error {
    let (reason, message) = match (id.is_empty(), code.is_empty()) {
        (true, true) => (
            "CAPTCHA_REQUIRED",
            "get a captcha and send its ID and its answer",
        ),
        (true, false) => ("CAPTCHA_ID_REQUIRED", "send the ID of the captcha"),
        _ => ("CAPTCHA_CODE_REQUIRED", "send the answer to the captcha"),
    };
    Error::new(Code::Invalid, reason, message)
}

pub(crate) fn totp_required() -> Error {
    let message = "send a code from your authenticator application, or a recovery code";
    Error::new(Code::Invalid, "TOTP_REQUIRED", message)
}

pub(crate) fn totp_invalid() -> Error {
    let message = "the code is wrong or was used: enter the current code";
    Error::new(Code::Unauthenticated, "TOTP_INVALID", message)
}

pub(crate) fn totp_exists() -> Error {
    let message = "the account has a second factor: disable it first";
    Error::new(Code::Conflict, "TOTP_EXISTS", message)
}

pub(crate) fn totp_disabled() -> Error {
    let message = "second factors are not available";
    Error::new(Code::Forbidden, "FEATURE_DISABLED", message)
}

pub(crate) fn token_invalid() -> Error {
    let message = "the token is not valid: log in again";
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", message)
}

/// Returns the error for a call during which the second factor, a role or the sessions of its user
/// changed.
pub(crate) fn account_changed() -> Error {
    let message = "the account changed during the call: repeat the call";
    Error::new(Code::Conflict, "ACCOUNT_CHANGED", message)
}

pub(crate) fn refresh_token_required() -> Error {
    let message = "send the refresh token";
    Error::new(Code::Invalid, "REFRESH_TOKEN_REQUIRED", message)
}

/// Returns the error for unknown, expired and used refresh tokens.
pub(crate) fn refresh_token_invalid() -> Error {
    let message = "the refresh token is not valid: log in again";
    Error::new(Code::Unauthenticated, "REFRESH_TOKEN_INVALID", message)
}

pub(crate) fn api_key_forbidden() -> Error {
    let message = "log in, and request only scopes that you have";
    Error::new(Code::Forbidden, "INSUFFICIENT_PERMISSION", message)
}

/// Returns the error for unknown keys. Keys of disabled users get it too.
pub(crate) fn api_key_invalid() -> Error {
    let message = "the API key is unknown, revoked or expired: create another one";
    Error::new(Code::Unauthenticated, "API_KEY_INVALID", message)
}

pub(crate) fn api_key_not_found() -> Error {
    let message = "you have no API key with this ID";
    Error::new(Code::NotFound, "API_KEY_NOT_FOUND", message)
}

pub(crate) fn lock_status_forbidden() -> Error {
    let message = "the lock status of another account needs the permission account:read";
    Error::new(Code::Forbidden, "INSUFFICIENT_PERMISSION", message)
}

/// Returns the error for an unknown user, for callers with the permission to read all accounts.
pub(crate) fn user_not_found() -> Error {
    let message = "there is no user with this name";
    Error::new(Code::NotFound, "USER_NOT_FOUND", message)
}
