use seaworthy::prelude::*;
use tutoring_contract::require_admin_scope;
use tutoring_identity::caller;

use crate::{domain::errors, payments::PAYMENT_READ};

/// Requires that the caller is the student, or an administrator with the permission to read
/// payments. An administrator with a territory has no access, because payments do not belong to a
/// territory.
///
/// # Errors
/// `NOT_FOUND` for another student, whose payments stay private. `FORBIDDEN` for an administrator.
pub(super) fn require_reader(student: Uuid) -> Result<(), Error> {
    match require_admin_scope(PAYMENT_READ)? || caller()? == student {
        true => Ok(()),
        false => Err(errors::payment_not_found()),
    }
}
