//! Errors for callers. Reasons are the codes of responses.

use seaworthy::prelude::*;
pub(crate) use tutoring_identity::invalid;

/// The login fails. It does not reveal the reason.
pub(crate) fn invalid_credentials() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::new(Code::Unauthenticated, "INVALID_CREDENTIALS", message)
}

/// Too many attempts have failed.
pub(crate) fn account_locked() -> Error {
    let message = "too many attempts have failed: try again later";
    Error::new(Code::Forbidden, "ACCOUNT_LOCKED", message)
}

/// The admin of the access token does not exist.
pub(crate) fn token_invalid() -> Error {
    Error::new(
        Code::Unauthenticated,
        "TOKEN_INVALID",
        "the token is not valid",
    )
}

/// The refresh token is missing, invalid, expired or revoked.
pub(crate) fn refresh_token_invalid() -> Error {
    Error::new(Code::Unauthenticated, "TOKEN_INVALID", "log in again")
}

/// The password is right, and the admin has a second factor.
pub(crate) fn totp_required() -> Error {
    let message = "send the code of the authenticator application as totpCode";
    Error::new(Code::Unauthenticated, "TOTP_REQUIRED", message)
}

/// The code of the second factor is wrong or was used.
pub(crate) fn totp_invalid() -> Error {
    let message = "the code is wrong or was already used";
    Error::new(Code::Unauthenticated, "TOTP_INVALID", message)
}

/// The admin has a second factor.
pub(crate) fn totp_exists() -> Error {
    let message = "the account has a second factor: remove it first";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// Another call changed the access of the admin during this call.
pub(crate) fn account_changed() -> Error {
    let message = "the account changed during the call: repeat the call";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// Another call gave the role to an admin, or removed it, during this call.
pub(crate) fn holders_changed() -> Error {
    let message = "the admins with the role changed during the call: repeat the call";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// The admin is inactive or suspended.
pub(crate) fn account_disabled() -> Error {
    Error::new(Code::Forbidden, "FORBIDDEN", "the account is not active")
}

/// The roles of the caller do not have the permission.
pub(crate) fn permission_missing(permission: &str) -> Error {
    let message = format!("your roles do not have the permission {permission}");
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

/// The change exceeds the roles or the territory of the caller.
pub(crate) fn beyond_caller() -> Error {
    let message = "the roles or the territory exceed your own";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

/// Admins cannot change their own status, territory or roles.
pub(crate) fn cannot_change_self() -> Error {
    let message = "you cannot change your own status, territory or roles";
    Error::new(Code::Forbidden, "FORBIDDEN", message)
}

/// The admin does not exist, or is outside of the territory of the caller.
pub(crate) fn admin_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no admin has this ID")
}

/// There is no such role.
pub(crate) fn role_not_found() -> Error {
    Error::new(Code::NotFound, "NOT_FOUND", "no role has this name")
}

/// Another admin has the address.
pub(crate) fn email_taken() -> Error {
    let message = "an admin with this e-mail address already exists";
    Error::new(Code::Conflict, "CONFLICT", message)
}

/// The role has every permission.
pub(crate) fn super_admin_is_fixed() -> Error {
    let message = "the role super_admin has every permission and cannot be changed";
    Error::new(Code::Conflict, "CONFLICT", message)
}
