//! The types of the claims that the contract declares. The verifier checks the registered claims.

use seaworthy::auth::token::{Claims, TokenError};
use serde_json::Value;

/// The claim with the ID of the user, which equals `sub`.
pub(super) const USER_ID: &str = "user_id";
pub(super) const USERNAME: &str = "username";
/// The claim with the `jti`, for clients of the generic authentication.
pub(super) const ID: &str = "id";
pub(super) const ROLES: &str = "roles";
pub(super) const PERMISSIONS: &str = "permissions";
pub(super) const ATTRIBUTES: &str = "attributes";

/// Checks the claims of an access or refresh token.
///
/// # Errors
/// [`TokenError::Claim`] if `user_id` or `jti` is missing, or a claim has a wrong type.
pub(super) fn check(claims: &Claims) -> Result<(), TokenError> {
    let user = claims.text(USER_ID)?.ok_or(TokenError::Claim)?;
    if claims.subject() != Some(user) || claims.id().is_none() {
        return Err(TokenError::Claim);
    }
    claims.text(USERNAME)?;
    claims.text(ID)?;
    let is_absent_or = |name, is_valid: fn(&Value) -> bool| claims.get(name).is_none_or(is_valid);
    let is_valid = [ROLES, PERMISSIONS]
        .into_iter()
        .all(|name| is_absent_or(name, is_list))
        && is_absent_or(ATTRIBUTES, Value::is_object);
    is_valid.then_some(()).ok_or(TokenError::Claim)
}

/// Whether the value is an array of strings. A single string is not accepted.
fn is_list(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|texts| texts.iter().all(Value::is_string))
}
