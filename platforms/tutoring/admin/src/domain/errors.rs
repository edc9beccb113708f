//! Errors for callers. Reasons are the codes of responses.

pub(crate) use tutoring_identity::invalid;

seaworthy::errors! {
    /// The login fails. It does not reveal the reason.
    invalid_credentials: Unauthenticated "INVALID_CREDENTIALS" =>
        "the e-mail address or the password is wrong";
    /// Too many attempts have failed.
    account_locked: Forbidden "ACCOUNT_LOCKED" => "too many attempts have failed: try again later";
    /// The admin of the access token does not exist.
    token_invalid: Unauthenticated "TOKEN_INVALID" => "the token is not valid";
    /// The refresh token is missing, invalid, expired or revoked.
    refresh_token_invalid: Unauthenticated "TOKEN_INVALID" => "log in again";
    /// The password is right, and the admin has a second factor.
    totp_required: Unauthenticated "TOTP_REQUIRED" =>
        "send the code of the authenticator application as totpCode";
    /// The code of the second factor is wrong or was used.
    totp_invalid: Unauthenticated "TOTP_INVALID" => "the code is wrong or was already used";
    /// The admin has a second factor.
    totp_exists: Conflict "CONFLICT" => "the account has a second factor: remove it first";
    /// Another call changed the access of the admin during this call.
    account_changed: Conflict "CONFLICT" =>
        "the account changed during the call: repeat the call";
    /// Another call gave the role to an admin, or removed it, during this call.
    holders_changed: Conflict "CONFLICT" =>
        "the admins with the role changed during the call: repeat the call";
    /// The admin is inactive or suspended.
    account_disabled: Forbidden "FORBIDDEN" => "the account is not active";
    /// The roles of the caller do not have the permission.
    permission_missing(permission: &str): Forbidden "FORBIDDEN" =>
        format!("your roles do not have the permission {permission}");
    /// The change exceeds the roles or the territory of the caller.
    beyond_caller: Forbidden "FORBIDDEN" => "the roles or the territory exceed your own";
    /// Admins cannot change their own status, territory or roles.
    cannot_change_self: Forbidden "FORBIDDEN" =>
        "you cannot change your own status, territory or roles";
    /// The admin does not exist, or is outside of the territory of the caller.
    admin_not_found: NotFound "NOT_FOUND" => "no admin has this ID";
    /// There is no such role.
    role_not_found: NotFound "NOT_FOUND" => "no role has this name";
    /// Another admin has the address.
    email_taken: Conflict "CONFLICT" => "an admin with this e-mail address already exists";
    /// The role has every permission.
    super_admin_is_fixed: Conflict "CONFLICT" =>
        "the role super_admin has every permission and cannot be changed";
}
