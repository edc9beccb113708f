use city_events_contract::Role;
use seaworthy::prelude::*;

use super::{Event, EventError};

/// The roles that may make events. Organisers have no role of that name in our tokens; earlier ones have.
const CREATORS: [&str; 4] = ["user", "organizer", "moderator", "admin"];

/// Who acts: a user with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: String,
    pub(crate) role: Role,
    /// The role as the token says it; that of a user where it says none.
    pub(crate) role_name: String,
}

impl Actor {
    /// Whoever the token of the present request names.
    pub(crate) fn of_request() -> Result<Self, EventError> {
        let known = context::with_current(|context| {
            let context = context?;
            let id = context.actor()?.as_str().to_owned();
            let grants = context.grants();
            let role = grants.roles().next().unwrap_or(Role::User.as_str());
            Some((id, role.to_owned()))
        });
        let (id, role_name) = known.ok_or(EventError::Unauthorized)?;
        Ok(Self {
            id,
            role: Role::of_caller(),
            role_name,
        })
    }

    /// Whether they may make events.
    pub(crate) fn may_create(&self) -> Result<(), EventError> {
        if CREATORS.contains(&self.role_name.as_str()) {
            Ok(())
        } else {
            Err(EventError::Forbidden)
        }
    }

    /// Whether they may change this event, and see it in any state.
    pub(crate) fn may_change(&self, event: &Event) -> Result<(), EventError> {
        if self.role >= Role::Moderator || self.id == event.owner {
            Ok(())
        } else {
            Err(EventError::Forbidden)
        }
    }
}
