//! What callers are refused with: reasons that are the codes of the contract in upper case, and fields that are their `meta`.

use city_events_contract::Role;
use seaworthy::{auth::password::WeakPassword, prelude::*};

/// A field that has to be there is not, or is empty.
pub(crate) fn missing_field(field: &'static str) -> Error {
    Error::new(
        Code::Invalid,
        "MISSING_FIELD",
        format!("{field} is required"),
    )
    .with_field("field", field)
}

/// A field holds something that it cannot hold.
pub(crate) fn invalid_field(field: &'static str, reason: &'static str) -> Error {
    Error::new(
        Code::Invalid,
        "INVALID_FIELD",
        format!("{field} is invalid"),
    )
    .with_field("field", field)
    .with_field("reason", reason)
}

/// The password is none that is taken.
pub(crate) fn weak_password(weak: WeakPassword) -> Error {
    Error::new(Code::Invalid, "WEAK_PASSWORD", weak.to_string()).with_field("reason", weak.name())
}

/// E-mail and password do not belong together, for whatever reason.
pub(crate) fn invalid_credentials() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
}

/// An access token or a link that does not count, or counts no more.
pub(crate) fn token_invalid() -> Error {
    let message = "the token is not valid";
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", message)
}

/// No refresh token, or one that counts no more.
pub(crate) fn refresh_token_invalid() -> Error {
    Error::new(
        Code::Unauthenticated,
        "REFRESH_TOKEN_INVALID",
        "log in again",
    )
}

/// There is no such user.
pub(crate) fn user_not_found() -> Error {
    Error::new(Code::NotFound, "USER_NOT_FOUND", "there is no such user")
}

/// The address belongs to somebody.
pub(crate) fn email_already_exists() -> Error {
    let message = "there is a user with this e-mail address already";
    Error::new(Code::Conflict, "EMAIL_ALREADY_EXISTS", message)
}

/// The user is banned.
pub(crate) fn account_locked() -> Error {
    Error::new(Code::Forbidden, "ACCOUNT_LOCKED", "the account is locked")
}

/// The address belongs to somebody who has not shown that it is theirs: whoever registered it first may be somebody else.
pub(crate) fn email_not_verified() -> Error {
    let message = "email already registered but not verified";
    Error::new(Code::Forbidden, "EMAIL_NOT_VERIFIED", message)
}

/// The caller's role is too low.
pub(crate) fn insufficient_role(required: Role) -> Error {
    let message = "your role does not allow it";
    Error::new(Code::Forbidden, "INSUFFICIENT_ROLE", message)
        .with_field("required", required.as_str())
}

/// Nobody bans or unbans themselves.
pub(crate) fn cannot_moderate_self() -> Error {
    let message = "nobody moderates themselves";
    Error::new(Code::Forbidden, "CANNOT_MODERATE_SELF", message)
}

/// Moderators do not touch admins.
pub(crate) fn cannot_moderate_admin() -> Error {
    let message = "a moderator does not moderate an admin";
    Error::new(Code::Forbidden, "CANNOT_MODERATE_ADMIN", message)
}

/// Admins do this to others.
pub(crate) fn cannot_affect_self() -> Error {
    let message = "an admin does this to others only";
    Error::new(Code::Forbidden, "CANNOT_AFFECT_SELF", message)
}

/// Somebody has to be left who can give roles.
pub(crate) fn last_admin_protected() -> Error {
    let message = "the last admin stays one";
    Error::new(Code::Forbidden, "LAST_ADMIN_PROTECTED", message)
}
