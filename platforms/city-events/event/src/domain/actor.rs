use city_events_contract::Role;
use seaworthy::prelude::*;

use super::{Event, EventError};

/// Roles that may create events. Only tokens of the legacy service have the role `organizer`.
const CREATORS: [&str; 4] = ["user", "organizer", "moderator", "admin"];

/// The user who sent a request, with their role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: String,
    pub(crate) role: Role,
    /// Role in the token, or `user` if the token has none.
    pub(crate) role_name: String,
}

impl Actor {
    /// Returns the user of the current request context.
    ///
    /// # Errors
    /// [`EventError::Unauthorized`] if the request is anonymous.
    pub(crate) fn from_context() -> Result<Self, EventError> {
        let user = context::with_current(|context| {
            let context = context?;
            let id = context.actor()?.as_str().to_owned();
            let grants = context.grants();
            let role = grants.roles().next().unwrap_or(Role::User.as_str());
            Some((id, role.to_owned()))
        });
        let (id, role_name) = user.ok_or(EventError::Unauthorized)?;
        Ok(Self {
            id,
            role: Role::of_caller(),
            role_name,
        })
    }

    /// Checks that the actor may create events.
    ///
    /// # Errors
    /// [`EventError::Forbidden`] if the role does not allow it.
    pub(crate) fn authorize_create(&self) -> Result<(), EventError> {
        if CREATORS.contains(&self.role_name.as_str()) {
            Ok(())
        } else {
            Err(EventError::Forbidden)
        }
    }

    /// Checks that the actor may change an event and read it in any state: the owner, a moderator
    /// or an administrator.
    ///
    /// # Errors
    /// [`EventError::Forbidden`] for all others.
    pub(crate) fn authorize_change(&self, event: &Event) -> Result<(), EventError> {
        if self.role >= Role::Moderator || self.id == event.owner {
            Ok(())
        } else {
            Err(EventError::Forbidden)
        }
    }
}
