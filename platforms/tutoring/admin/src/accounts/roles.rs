use seaworthy::{audit_log::AuditEntry, prelude::*};

use tutoring_contract::AdminRole;

use super::Accounts;
use crate::{
    domain::{Admin, PERMISSIONS, ROLE_READ, ROLE_WRITE, errors, manages, permission},
    store::RolePermissions,
};

/// A role with its permissions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleView {
    pub(crate) name: AdminRole,
    pub(crate) permissions: Vec<String>,
}

impl Accounts {
    /// Returns all roles, the highest first.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) async fn roles(&self, caller: &Admin) -> Result<Vec<RoleView>, Error> {
        caller.require(ROLE_READ)?;
        let rows = RolePermissions::all(&self.database).await?;
        let of = |role: AdminRole| match role {
            AdminRole::SuperAdmin => PERMISSIONS.map(str::to_owned).to_vec(),
            role => rows
                .iter()
                .filter(|(name, _)| name == role.as_str())
                .map(|(_, permission)| permission.clone())
                .collect(),
        };
        let roles = AdminRole::ALL.into_iter();
        Ok(roles
            .map(|name| RoleView {
                name,
                permissions: of(name),
            })
            .collect())
    }

    /// Replaces the permissions of a role, and ends the sessions of its admins. The caller must
    /// have each permission.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` or `VALIDATION_FAILED`.
    pub(crate) async fn set_permissions(
        &self,
        caller: &Admin,
        role: &str,
        names: &[String],
        reason: Option<&str>,
    ) -> Result<RoleView, Error> {
        caller.require(ROLE_WRITE)?;
        let role = AdminRole::from_name(role).ok_or_else(errors::role_not_found)?;
        if role == AdminRole::SuperAdmin {
            return Err(errors::super_admin_is_fixed());
        }
        if !caller.highest_role().is_some_and(|own| manages(own, role)) {
            return Err(errors::beyond_caller());
        }
        let mut permissions = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let known = permission(name).ok_or_else(|| {
                let problem = "is not a valid permission: use one of GET /permissions";
                errors::invalid(&format!("permissions[{index}]"), problem)
            })?;
            caller.require(known)?;
            permissions.push(known);
        }
        permissions.sort_unstable();
        permissions.dedup();
        let ended = self
            .database
            .transaction(|tx| {
                let permissions = permissions.as_slice();
                async move {
                    let rows = RolePermissions::all(&tx).await?;
                    let before = rows.iter().filter(|(name, _)| name == role.as_str());
                    let before: Vec<_> = before.map(|(_, name)| name.as_str()).collect();
                    RolePermissions::replace(&tx, role, permissions).await?;
                    let mut ended = Vec::new();
                    for holder in RolePermissions::holders(&tx, role).await? {
                        ended.extend(self.end_sessions(&tx, holder).await?);
                    }
                    let mut entry = AuditEntry::new("role.update")
                        .target("role", role.as_str())
                        .detail("permission", ROLE_WRITE)
                        .detail("before", before.join(" "))
                        .detail("after", permissions.join(" "));
                    if let Some(reason) = reason {
                        entry = entry.detail("reason", reason);
                    }
                    self.audit.append(&tx, entry).await?;
                    Ok::<_, Error>(ended)
                }
            })
            .await?;
        self.forget_live(&ended).await;
        Ok(RoleView {
            name: role,
            permissions: permissions.into_iter().map(str::to_owned).collect(),
        })
    }
}
