use seaworthy::{core::Grants, prelude::*};
use tutoring_contract::{Role, require_everywhere};
use tutoring_identity::caller;

use crate::{domain::errors, payments::PAYMENT_READ};

/// Whether the caller is an administrator. Otherwise the caller is a student.
fn is_admin() -> bool {
    grants().is_some_and(|grants| grants.has_role(Role::Admin.as_str()))
}

fn grants() -> Option<Grants> {
    context::with_current(|context| context.map(RequestContext::grants))
}

/// Requires that the caller is the student, or an administrator with the permission to read
/// payments.
///
/// # Errors
/// `NOT_FOUND` for another student, whose payments stay private. `FORBIDDEN` for an administrator.
pub(super) fn require_reader(student: Uuid) -> Result<(), Error> {
    if is_admin() {
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
    let grants = grants().unwrap_or_default();
    match grants.has_role(Role::Admin.as_str()) {
        true => grants
            .require_scope(scope)
            .and_then(|()| require_everywhere()),
        false => Ok(()),
    }
}
