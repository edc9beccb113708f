use seaworthy::data::prelude::*;
use tutoring_contract::AdminRole;
use uuid::Uuid;

/// Statements on the permissions of roles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RolePermissions;

impl RolePermissions {
    /// Returns all rows: role and permission.
    pub(crate) async fn all(
        connection: &dyn Connection,
    ) -> Result<Vec<(String, String)>, DataError> {
        sql("SELECT role, permission FROM admin_role_permissions ORDER BY role, permission")
            .fetch_all(connection)
            .await
    }

    /// Replaces the permissions of a role.
    pub(crate) async fn replace(
        tx: &Transaction,
        role: AdminRole,
        permissions: &[&'static str],
    ) -> Result<(), DataError> {
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
    pub(crate) async fn holders(
        connection: &dyn Connection,
        role: AdminRole,
    ) -> Result<Vec<Uuid>, DataError> {
        let ids: Vec<(Uuid,)> = sql!(
            "SELECT admin_id FROM admin_user_roles WHERE role = {role.as_str()} ORDER BY admin_id"
        )
        .fetch_all(connection)
        .await?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }
}
