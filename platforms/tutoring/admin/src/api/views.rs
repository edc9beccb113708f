//! Response bodies.

use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{AdminRole, Territory};

use crate::domain::{Admin, AdminType, Status};

/// An admin, as other admins see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdminView {
    id: Uuid,
    email: Personal<String>,
    full_name: Personal<String>,
    status: Status,
    admin_type: AdminType,
    parent_admin_id: Option<Uuid>,
    territory: Territory,
    roles: Vec<AdminRole>,
    permissions: Vec<String>,
    last_login_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl AdminView {
    pub(super) fn of(admin: &Admin) -> Self {
        Self {
            id: admin.id,
            email: admin.email.clone(),
            full_name: admin.full_name.clone(),
            status: admin.status,
            admin_type: admin.admin_type,
            parent_admin_id: admin.parent,
            territory: admin.territory.clone(),
            roles: admin.roles.clone(),
            permissions: admin.permissions().into_iter().map(str::to_owned).collect(),
            last_login_at: admin.last_login_at,
            created_at: admin.created_at,
            updated_at: admin.updated_at,
        }
    }
}
