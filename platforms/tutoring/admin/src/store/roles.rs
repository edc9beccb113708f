//! Statements on the permissions of roles.

use seaworthy::data::prelude::*;
use tutoring_contract::AdminRole;

/// Returns all rows: role and permission.
pub(crate) async fn all(connection: &dyn Connection) -> DataResult<Vec<(String, String)>> {
    sql("SELECT role, permission FROM admin_role_permissions ORDER BY role, permission")
        .fetch_all(connection)
        .await
}

/// Replaces the permissions of a role.
pub(crate) async fn replace(
    tx: &Transaction,
    role: AdminRole,
    permissions: &[&'static str],
) -> DataResult<()> {
    sql!("DELETE FROM admin_role_permissions WHERE role = {role.as_str()}")
        .execute(tx)
        .await?;
    if permissions.is_empty() {
        return Ok(());
    }
    let rows = permissions
        .iter()
        .map(|permission| [role.as_str().into(), (*permission).into()]);
    sql("INSERT INTO admin_role_permissions (role, permission) VALUES (?, ?)**")
        .bind_rows(rows)
        .apply(tx)
        .await
}

/// Returns the admins with a role.
pub(crate) async fn holders(connection: &dyn Connection, role: AdminRole) -> DataResult<Vec<Uuid>> {
    sql!("SELECT admin_id FROM admin_user_roles WHERE role = {role.as_str()} ORDER BY admin_id")
        .fetch_all(connection)
        .await
}
