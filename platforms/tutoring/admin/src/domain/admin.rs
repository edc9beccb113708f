use seaworthy::{data::prelude::*, prelude::*};
use tutoring_contract::{AdminRole, Territory};
use tutoring_identity::territory;

use super::{PERMISSIONS, errors, role};

named! {
    /// Whether an admin may log in.
    pub(crate) enum Status {
        Active = "active",
        Inactive = "inactive",
        Suspended = "suspended",
    }
}

named! {
    /// The employer of an admin.
    #[derive(Default)]
    pub(crate) enum AdminType {
        #[default]
        Company = "company",
        Franchise = "franchise",
    }
}

/// An admin with the current roles and permissions of the database. Serialized, it is what other
/// admins see, without the permissions.
#[derive(Debug, Clone, Serialize, FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Admin {
    pub(crate) id: Uuid,
    pub(crate) email: Personal<String>,
    pub(crate) full_name: Personal<String>,
    #[serde(skip)]
    pub(crate) password_hash: Secret<String>,
    #[from_row(with = from_text)]
    pub(crate) status: Status,
    #[from_row(with = from_text)]
    pub(crate) admin_type: AdminType,
    pub(crate) parent_admin_id: Option<Uuid>,
    #[from_row(with = territory)]
    pub(crate) territory: Territory,
    #[from_row(default)]
    pub(crate) roles: Vec<AdminRole>,
    /// The permissions of the roles. Use [`permissions`](Self::permissions).
    #[serde(skip)]
    #[from_row(default)]
    pub(crate) granted: Vec<String>,
    pub(crate) last_login_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl Admin {
    /// Returns the highest role. `None` for an admin without roles.
    pub(crate) fn highest_role(&self) -> Option<AdminRole> {
        role::highest(&self.roles)
    }

    pub(crate) fn is_super(&self) -> bool {
        self.roles.contains(&AdminRole::SuperAdmin)
    }

    /// Returns the permissions in alphabetical order. A super admin has all of them.
    pub(crate) fn permissions(&self) -> Vec<&str> {
        if self.is_super() {
            return PERMISSIONS.to_vec();
        }
        self.granted.iter().map(String::as_str).collect()
    }

    /// Requires a permission by the current roles. Those in the token may be outdated.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) fn require(&self, permission: &str) -> Result<(), Error> {
        if self.permissions().contains(&permission) {
            return Ok(());
        }
        Err(errors::permission_missing(permission))
    }

    /// Returns whether this admin may see a place. An admin without roles or without a territory
    /// sees nothing, except super admins.
    pub(crate) fn sees(&self, place: &Territory) -> bool {
        self.is_super() || (self.territory.state.is_some() && self.territory.contains(place))
    }

    /// Returns whether this admin may manage another admin with these roles in this place.
    pub(crate) fn manages(&self, roles: &[AdminRole], place: &Territory) -> bool {
        let Some(own) = self.highest_role() else {
            return false;
        };
        roles.iter().all(|role| role::manages(own, *role)) && self.sees(place)
    }
}
