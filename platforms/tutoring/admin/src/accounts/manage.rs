//! Changes of admins by other admins.

use seaworthy::{audit_log::AuditEntry, core::new_id, data::prelude::*, prelude::*};
use tutoring_contract::{AdminRole, CheckedPage, Page, Territory};
use tutoring_identity::normalized_email;

use super::{Accounts, Caller, passwords::temporary_password};
use crate::{
    domain::{
        ADMIN_READ, ADMIN_WRITE, Admin, AdminType, Status, errors, highest, levels_of, with_levels,
    },
    store::admins,
};

/// The maximum length of names, in characters.
const MAX_NAME_LENGTH: usize = 150;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAdmin {
    pub(crate) email: Personal<String>,
    pub(crate) full_name: Personal<String>,
    #[serde(default)]
    pub(crate) admin_type: AdminType,
    #[serde(default)]
    pub(crate) territory: Territory,
    pub(crate) roles: Vec<AdminRole>,
    pub(crate) reason: Option<String>,
}

/// A change of an admin. Absent fields keep their value.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct AdminChange {
    pub(crate) full_name: Option<Personal<String>>,
    pub(crate) status: Option<Status>,
    pub(crate) admin_type: Option<AdminType>,
    pub(crate) territory: Option<Territory>,
    pub(crate) roles: Option<Vec<AdminRole>>,
    pub(crate) reason: Option<String>,
}

impl Accounts {
    /// Returns a page of the admins in the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) async fn admins(
        &self,
        caller: &Admin,
        status: Option<Status>,
        page: CheckedPage,
    ) -> Result<Page<Admin>, Error> {
        caller.require(ADMIN_READ)?;
        // The territory of a super admin is empty, and matches all admins.
        if !caller.sees(&caller.territory) {
            return Ok(page.into_page(Vec::new(), 0));
        }
        Ok(admins::list(&self.database, status, &caller.territory, page).await?)
    }

    /// Returns an admin in the territory of the caller.
    ///
    /// # Errors
    /// `FORBIDDEN` or `NOT_FOUND`.
    pub(crate) async fn admin(&self, caller: &Admin, id: Uuid) -> Result<Admin, Error> {
        caller.require(ADMIN_READ)?;
        let admin = admins::by_id(&self.database, id).await?;
        let visible = admin.filter(|admin| admin.id == caller.id || caller.sees(&admin.territory));
        visible.ok_or_else(errors::admin_not_found)
    }

    /// Creates an admin below the caller. Returns the admin with a temporary password.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT`, `VALIDATION_ERROR`, or `TOKEN_INVALID` if the session of the caller
    /// ended during the call.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        new: NewAdmin,
    ) -> Result<(Admin, Secret<String>), Error> {
        let (admin, password) = self
            .prepare(new.email, &new.full_name, new.roles, None)
            .await?;
        let territory = territory_of(&admin.roles, &new.territory)?;
        let admin = Admin {
            admin_type: new.admin_type,
            parent_admin_id: Some(caller.admin.id),
            territory,
            ..admin
        };
        let reason = new.reason.as_deref();
        self.database
            .transaction(|tx| {
                let admin = &admin;
                async move {
                    let lock = self.lock_with_caller(&tx, caller, &[], Some(ADMIN_WRITE));
                    let (actor, _) = lock.await?;
                    if !actor.manages(&admin.roles, &admin.territory) {
                        return Err(errors::beyond_caller());
                    }
                    self.insert(&tx, admin, entry("admin.create", admin.id, reason))
                        .await
                }
            })
            .await?;
        Ok((admin, password))
    }

    /// Creates a super admin, for the command of the service. Returns the temporary password,
    /// which is `password` if it is set.
    ///
    /// # Errors
    /// `CONFLICT` or `VALIDATION_ERROR`.
    pub(crate) async fn create_super_admin(
        &self,
        email: &str,
        full_name: &str,
        password: Option<Secret<String>>,
    ) -> Result<Secret<String>, Error> {
        let (email, name) = (Personal::new(email.to_owned()), full_name.to_owned());
        let roles = vec![AdminRole::SuperAdmin];
        let (admin, password) = self
            .prepare(email, &Personal::new(name), roles, password)
            .await?;
        self.database
            .transaction(|tx| {
                let admin = &admin;
                let entry = entry("admin.create", admin.id, None).actor("command");
                async move { self.insert(&tx, admin, entry).await }
            })
            .await
            .map(|()| password)
    }

    /// Inserts a new admin, and completes its audit entry.
    async fn insert(
        &self,
        tx: &Transaction,
        admin: &Admin,
        entry: AuditEntry,
    ) -> Result<(), Error> {
        admins::insert(tx, admin).await?;
        let entry = entry.detail("after", summary(admin));
        Ok(self.audit.append(tx, entry).await?)
    }

    /// Checks the values of a new admin, and makes a temporary password.
    async fn prepare(
        &self,
        email: Personal<String>,
        full_name: &Personal<String>,
        roles: Vec<AdminRole>,
        password: Option<Secret<String>>,
    ) -> Result<(Admin, Secret<String>), Error> {
        let email = normalized_email(email.expose());
        let email = email.ok_or_else(|| errors::invalid("email", "is not an e-mail address"))?;
        let password = password.map_or_else(temporary_password, Ok)?;
        let hash = self.passwords.hash(password.clone()).await?;
        let now = Utc::now();
        let admin = Admin {
            id: new_id(),
            email: Personal::new(email),
            full_name: name_of(full_name)?,
            password_hash: Secret::new(hash.as_str().to_owned()),
            status: Status::Active,
            admin_type: AdminType::default(),
            parent_admin_id: None,
            territory: Territory::default(),
            roles: roles_of(roles)?,
            granted: Vec::new(),
            last_login_at: None,
            created_at: now,
            updated_at: now,
        };
        Ok((admin, password))
    }

    /// Changes an admin below the caller. A change of status, territory or roles ends the sessions
    /// of the admin.
    ///
    /// # Errors
    /// `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`, `VALIDATION_ERROR`, or `TOKEN_INVALID` if the session
    /// of the caller ended during the call.
    pub(crate) async fn change(
        &self,
        caller: &Caller,
        id: Uuid,
        change: AdminChange,
    ) -> Result<Admin, Error> {
        let (after, ended) = self
            .database
            .transaction(|tx| {
                let change = &change;
                async move { self.change_in(&tx, caller, id, change).await }
            })
            .await?;
        self.revoke_access_tokens(&ended).await;
        Ok(after)
    }

    async fn change_in(
        &self,
        tx: &Transaction,
        caller: &Caller,
        id: Uuid,
        change: &AdminChange,
    ) -> Result<(Admin, Vec<String>), Error> {
        let others = [id];
        let lock = self.lock_with_caller(tx, caller, &others, Some(ADMIN_WRITE));
        let (actor, locked) = lock.await?;
        let before = locked.iter().find(|admin| admin.id == id);
        let before = before.filter(|admin| admin.id == actor.id || actor.sees(&admin.territory));
        let before = before.ok_or_else(errors::admin_not_found)?;
        let after = changed(before, change)?;
        let ends_sessions = after.status != before.status
            || after.roles != before.roles
            || after.territory != before.territory;
        // Super admins cannot demote themselves, so at least one stays.
        if id == actor.id {
            if ends_sessions || after.admin_type != before.admin_type {
                return Err(errors::cannot_change_self());
            }
        } else if !actor.manages(&before.roles, &before.territory)
            || !actor.manages(&after.roles, &after.territory)
        {
            return Err(errors::beyond_caller());
        }
        admins::update(tx, &after).await?;
        if after.roles != before.roles {
            admins::set_roles(tx, id, &after.roles).await?;
        }
        let ended = if ends_sessions {
            self.revoke_sessions(tx, id).await?
        } else {
            Vec::new()
        };
        let entry = entry("admin.update", id, change.reason.as_deref())
            .detail("before", summary(before))
            .detail("after", summary(&after));
        self.audit.append(tx, entry).await?;
        Ok((after, ended))
    }
}

fn changed(before: &Admin, change: &AdminChange) -> Result<Admin, Error> {
    let mut after = before.clone();
    if let Some(name) = &change.full_name {
        after.full_name = name_of(name)?;
    }
    after.status = change.status.unwrap_or(before.status);
    after.admin_type = change.admin_type.unwrap_or(before.admin_type);
    if let Some(roles) = &change.roles {
        after.roles = roles_of(roles.clone())?;
    }
    if change.roles.is_some() || change.territory.is_some() {
        let territory = change.territory.as_ref().unwrap_or(&before.territory);
        after.territory = territory_of(&after.roles, territory)?;
    }
    Ok(after)
}

/// Checks a territory against the highest role.
fn territory_of(roles: &[AdminRole], territory: &Territory) -> Result<Territory, Error> {
    with_levels(territory, highest(roles).map_or(0, levels_of))
}

/// Sorts roles and removes repeated ones.
fn roles_of(mut roles: Vec<AdminRole>) -> Result<Vec<AdminRole>, Error> {
    roles.sort_unstable_by_key(|role| role.as_str());
    roles.dedup();
    if roles.is_empty() {
        return Err(errors::invalid("roles", "must contain at least one role"));
    }
    Ok(roles)
}

fn name_of(name: &Personal<String>) -> Result<Personal<String>, Error> {
    let name = name.expose().trim();
    if !(2..=MAX_NAME_LENGTH).contains(&name.chars().count()) {
        return Err(errors::invalid("fullName", "must have 2 to 150 characters"));
    }
    Ok(Personal::new(name.to_owned()))
}

fn entry(action: &'static str, id: Uuid, reason: Option<&str>) -> AuditEntry {
    let entry = AuditEntry::new(action)
        .target("admin", id.to_string())
        .detail("permission", ADMIN_WRITE);
    match reason {
        Some(reason) => entry.detail("reason", reason),
        None => entry,
    }
}

/// Returns the values of an admin for the audit log.
fn summary(admin: &Admin) -> String {
    json!({
        "status": admin.status,
        "adminType": admin.admin_type,
        "territory": admin.territory,
        "roles": admin.roles,
    })
    .to_string()
}
