//! Errors with the codes of the interface.

use std::{error::Error as StdError, time::Duration};

use seaworthy::{account::ActiveSessions, auth::oidc::OpenIdError, prelude::*};

use crate::invalid;

seaworthy::errors! {
    /// Also for unknown accounts, so that a client cannot find out whether an account exists.
    invalid_credentials(remaining: u32): Unauthenticated "INVALID_CREDENTIALS" =>
        "the e-mail address, the user name or the password is wrong",
        with_metadata("remainingAttempts", remaining.to_string());
    /// The ID of a path is not that of a user.
    no_user: NotFound "NOT_FOUND" => "no user has this ID";
    account_locked(wait: Duration): Forbidden "ACCOUNT_LOCKED" =>
        "too many logins have failed: try again after the time in Retry-After",
        with_retry_after(wait);
    email_not_verified: Forbidden "EMAIL_NOT_VERIFIED" =>
        "enter the code that was sent to the e-mail address";
    account_disabled: Forbidden "FORBIDDEN" => "the account is disabled";
    /// Another call changed the account during this call.
    account_changed: Conflict "CONFLICT" =>
        "the account changed during the call: repeat the call";
    taken: Conflict "CONFLICT" =>
        "the e-mail address, the user name or the telephone number is taken";
    not_sent(cause: impl Into<Box<dyn StdError + Send + Sync>>): Unavailable "SERVICE_DEGRADED" =>
        "the code could not be sent: try again later", with_cause(cause);
    sms_off: Unavailable "SERVICE_DEGRADED" =>
        "codes by SMS are not available: log in with a password";
    google_off: Unavailable "SERVICE_DEGRADED" =>
        "logins by Google are not available: log in with a password";
    google_unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>):
        Unavailable "SERVICE_DEGRADED" => "Google is not available: try again later",
        with_cause(cause);
    google_email_unverified: Unauthenticated "TOKEN_INVALID" =>
        "Google has not verified your e-mail address";
    other_user: Forbidden "FORBIDDEN" => "you can only use your own ID";
    /// For unknown, expired and used refresh tokens.
    refresh_token_invalid: Unauthenticated "REFRESH_TOKEN_INVALID" =>
        "the refresh token is not valid: log in again";
    token_invalid: Unauthenticated "TOKEN_INVALID" => "the token is not valid: log in again";
}

/// Errors of Google, with the codes of the interface.
pub(crate) fn of_google(error: OpenIdError) -> Error {
    if matches!(error, OpenIdError::RedirectUri) {
        return invalid("redirectUri", "must be one of the registered redirect URIs");
    }
    if error.is_transient() {
        return google_unavailable(error);
    }
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", error.to_string()).with_cause(error)
}

/// Another request refreshes the session.
pub fn refresh_in_progress() -> Error {
    Error::new(Code::Exhausted, "RATE_LIMITED", "Refresh in progress")
        .with_retry_after(ActiveSessions::REFRESH_LOCK_TTL)
}
