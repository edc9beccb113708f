//! Response bodies.

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::Admin;

#[derive(Serialize)]
struct AdminView<'a> {
    #[serde(flatten)]
    admin: &'a Admin,
    permissions: Vec<&'a str>,
}

/// Returns an admin, as other admins see it.
pub(super) fn admin_view(admin: &Admin) -> Value {
    let permissions = admin.permissions();
    json!(AdminView { admin, permissions })
}
