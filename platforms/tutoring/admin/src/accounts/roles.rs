use seaworthy::{audit_log::AuditEntry, prelude::*};

use tutoring_contract::AdminRole;

use super::{Accounts, Caller};
use crate::{
    domain::{Admin, PERMISSIONS, ROLE_READ, ROLE_WRITE, errors, manages},
    store::roles,
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
        let rows = roles::all(&self.database).await?;
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
    /// `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`, `VALIDATION_ERROR`, or `TOKEN_INVALID` if the session
    /// of the caller ended during the call.
    pub(crate) async fn set_permissions(
        &self,
        caller: &Caller,
        role: &str,
        names: &[String],
        reason: Option<&str>,
    ) -> Result<RoleView, Error> {
        caller.admin.require(ROLE_WRITE)?;
        let role = AdminRole::from_name(role).ok_or_else(errors::role_not_found)?;
        if role == AdminRole::SuperAdmin {
            return Err(errors::super_admin_is_fixed());
        }
        let mut permissions = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let known = PERMISSIONS.into_iter().find(|known| known == name);
            let known = known.ok_or_else(|| {
                let problem = "is not a valid permission: use one of GET /permissions";
                errors::invalid(format!("permissions[{index}]"), problem)
            })?;
            permissions.push(known);
        }
        permissions.sort_unstable();
        permissions.dedup();
        let ended = self
            .database
            .transaction(|tx| {
                let permissions = permissions.as_slice();
                async move {
                    // A login or a refresh of a holder ends first, or gets the new permissions.
                    let holders = roles::holders(&tx, role).await?;
                    let lock = self.lock_with_caller(&tx, caller, &holders, Some(ROLE_WRITE));
                    let (actor, _) = lock.await?;
                    if !actor.highest_role().is_some_and(|own| manages(own, role)) {
                        return Err(errors::beyond_caller());
                    }
                    for permission in permissions {
                        actor.require(permission)?;
                    }
                    let rows = roles::all(&tx).await?;
                    let before = rows.iter().filter(|(name, _)| name == role.as_str());
                    let before: Vec<_> = before.map(|(_, name)| name.as_str()).collect();
                    roles::replace(&tx, role, permissions).await?;
                    let mut ended = Vec::new();
                    for holder in &holders {
                        ended.extend(self.revoke_sessions(&tx, *holder).await?);
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
                    // This transaction locks the audit log. So another call that gives the role to
                    // an admin has committed, or it commits after this transaction.
                    if roles::holders(&tx, role).await? != holders {
                        return Err(errors::holders_changed());
                    }
                    Ok::<_, Error>(ended)
                }
            })
            .await?;
        self.revoke_access_tokens(&ended).await;
        Ok(RoleView {
            name: role,
            permissions: permissions.into_iter().map(str::to_owned).collect(),
        })
    }
}
