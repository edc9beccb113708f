//! Errors for callers. Reasons are the codes of the contract in upper case, and fields are their
//! `meta`.

use city_events_contract::Role;
use seaworthy::{auth::password::WeakPassword, prelude::*};

/// A required field is missing or empty.
pub(crate) fn missing_field(field: &'static str) -> Error {
    Error::new(
        Code::Invalid,
        "MISSING_FIELD",
        format!("{field} is required"),
    )
    .with_field("field", field)
}

/// A field has an invalid value.
pub(crate) fn invalid_field(field: &'static str, reason: &'static str) -> Error {
    Error::new(
        Code::Invalid,
        "INVALID_FIELD",
        format!("{field} is invalid"),
    )
    .with_field("field", field)
    .with_field("reason", reason)
}

/// The policy rejects the password.
pub(crate) fn weak_password(weak: WeakPassword) -> Error {
    Error::new(Code::Invalid, "WEAK_PASSWORD", weak.to_string()).with_field("reason", weak.name())
}

/// The login fails. It does not reveal the reason.
pub(crate) fn invalid_credentials() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
}

/// The password is correct, and the account has a second factor.
pub(crate) fn totp_required() -> Error {
    let message = "send the code of the authenticator application as totp_code";
    Error::new(Code::Unauthenticated, "TOTP_REQUIRED", message)
}

/// The code of the second factor is wrong or was used.
pub(crate) fn totp_invalid() -> Error {
    let message = "the code is wrong or was already used";
    Error::new(Code::Unauthenticated, "TOTP_INVALID", message)
}

/// The account has a second factor.
pub(crate) fn totp_exists() -> Error {
    let message = "the account has a second factor: remove it first";
    Error::new(Code::Conflict, "TOTP_EXISTS", message)
}

/// The service has no key for second factors.
pub(crate) fn totp_unavailable() -> Error {
    let message = "two-step sign-in is not available";
    Error::new(Code::Forbidden, "FEATURE_DISABLED", message)
}

/// A second factor of an unverified address could lock out the owner of the address.
pub(crate) fn totp_needs_verified_email() -> Error {
    let message = "verify your e-mail address first";
    Error::new(Code::Forbidden, "EMAIL_NOT_VERIFIED", message)
}

/// An access token or the token of a link is invalid, expired or revoked.
pub(crate) fn token_invalid() -> Error {
    let message = "the token is not valid";
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", message)
}

/// The refresh token is missing, invalid, expired or revoked.
pub(crate) fn refresh_token_invalid() -> Error {
    Error::new(
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
        "log in again",
    )
}

/// The user does not exist.
pub(crate) fn user_not_found() -> Error {
    Error::new(Code::NotFound, "USER_NOT_FOUND", "no user has this ID")
}

/// Another user has the address.
pub(crate) fn email_already_exists() -> Error {
    let message = "a user with this e-mail address already exists";
    Error::new(Code::Conflict, "EMAIL_ALREADY_EXISTS", message)
}

/// The user is banned.
pub(crate) fn account_locked() -> Error {
    Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "the account is locked")
}

/// A user with an unverified address has the address. That user may not own it.
pub(crate) fn email_not_verified() -> Error {
    let message = "email already registered but not verified";
    Error::new(Code::Forbidden, "EMAIL_NOT_VERIFIED", message)
}

/// The caller's role is too low.
pub(crate) fn insufficient_role(required: Role) -> Error {
    let message = "your role does not permit this action";
    Error::new(Code::Forbidden, "INSUFFICIENT_ROLE", message)
        .with_field("required", required.as_str())
}

/// Users cannot ban or unban themselves.
pub(crate) fn cannot_moderate_self() -> Error {
    let message = "you cannot moderate yourself";
    Error::new(Code::Forbidden, "CANNOT_MODERATE_SELF", message)
}

/// Moderators cannot ban or unban admins.
pub(crate) fn cannot_moderate_admin() -> Error {
    let message = "moderators cannot moderate admins";
    Error::new(Code::Forbidden, "CANNOT_MODERATE_ADMIN", message)
}

/// Admins cannot apply this action to themselves.
pub(crate) fn cannot_affect_self() -> Error {
    let message = "you cannot apply this action to yourself";
    Error::new(Code::Forbidden, "CANNOT_AFFECT_SELF", message)
}

/// The platform needs an admin to assign roles.
pub(crate) fn last_admin_protected() -> Error {
    let message = "the last admin cannot lose the role";
    Error::new(Code::Forbidden, "LAST_ADMIN_PROTECTED", message)
}
