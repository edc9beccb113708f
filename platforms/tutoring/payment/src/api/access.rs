use seaworthy::prelude::*;
use tutoring_contract::{Role, grants, require_everywhere};
use tutoring_identity::caller;

use crate::{domain::errors, payments::PAYMENT_READ};

/// Requires that the caller is the student, or an administrator with the permission to read
/// payments.
///
/// # Errors
/// `NOT_FOUND` for another student, whose payments stay private. `FORBIDDEN` for an administrator.
pub(super) fn require_reader(student: Uuid) -> Result<(), Error> {
    if grants().has_role(Role::Admin.as_str()) {
        return require_admin_scope(PAYMENT_READ);
    }
    match caller()? == student {
        true => Ok(()),
        false => Err(errors::payment_not_found()),
    }
}

/// Requires a permission of an administrator. Other services do not need it. Refuses an
/// administrator with a territory, because payments do not belong to a territory.
///
/// # Errors
/// `FORBIDDEN`.
pub(super) fn require_admin_scope(scope: &str) -> Result<(), Error> {
    let grants = grants();
    match grants.has_role(Role::Admin.as_str()) {
        true => grants
            .require_scope(scope)
            .and_then(|()| require_everywhere()),
        false => Ok(()),
    }
}
