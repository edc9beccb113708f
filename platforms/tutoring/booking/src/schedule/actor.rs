use seaworthy::prelude::*;
use tutoring_contract::{CallerTerritory, Role, SERVICE_ROLE, grants};
use tutoring_identity::caller;

use crate::domain::errors;

/// The caller of a request, from the token and never from the body.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) id: Uuid,
    pub(crate) role: Option<Role>,
    /// Limits administrators.
    pub(crate) territory: CallerTerritory,
}

impl Actor {
    /// Returns the caller. A service has no ID of a user.
    ///
    /// # Errors
    /// `TOKEN_INVALID` without a token.
    pub(crate) fn current(territory: CallerTerritory) -> Result<Self, Error> {
        let grants = grants();
        let (id, role) = match grants.has_role(SERVICE_ROLE) {
            true => (Uuid::nil(), None),
            false => (caller()?, Role::of(&grants)),
        };
        Ok(Self {
            id,
            role,
            territory,
        })
    }

    /// Requires that the caller has this role and ID, or is an administrator with the permission.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) fn require(
        &self,
        owners: &[(Role, Uuid)],
        permission: Option<&str>,
    ) -> Result<(), Error> {
        let is_owner = self
            .role
            .is_some_and(|role| owners.contains(&(role, self.id)));
        let is_admin = self.role == Some(Role::Admin);
        let is_permitted = permission.is_some_and(|permission| grants().has_scope(permission));
        match is_owner || is_admin && is_permitted {
            true => Ok(()),
            false => Err(errors::forbidden()),
        }
    }
}
