use seaworthy::prelude::*;
use tutoring_contract::{Role, grants};
use tutoring_identity::caller;

/// The user of a request, by role.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Viewer {
    Student(Uuid),
    Trainer(Uuid),
    /// An administrator with the permission of the route.
    Admin(Uuid),
}

impl Viewer {
    /// Returns the user of the access token. An administrator needs the permission.
    ///
    /// # Errors
    /// `FORBIDDEN` for other roles and without the permission, `TOKEN_INVALID` without a user.
    pub(crate) fn from_request(permission: &str) -> Result<Self, Error> {
        let (grants, id) = (grants(), caller()?);
        if grants.has_role(Role::Student.as_str()) {
            return Ok(Self::Student(id));
        }
        if grants.has_role(Role::Trainer.as_str()) {
            return Ok(Self::Trainer(id));
        }
        grants.require_role(Role::Admin.as_str())?;
        grants.require_scope(permission)?;
        Ok(Self::Admin(id))
    }
}
