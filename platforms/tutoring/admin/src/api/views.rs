//! Response bodies.

use serde_json::{Value, json};

use crate::domain::Admin;

/// Returns an admin, as other admins see it.
pub(super) fn admin_view(admin: &Admin) -> Value {
    let mut view = json!(admin);
    view["permissions"] = json!(admin.permissions());
    view
}
