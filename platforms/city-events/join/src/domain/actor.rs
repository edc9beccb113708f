use city_events_contract::Role;
use seaworthy::prelude::*;
use uuid::Uuid;

use super::JoinError;

/// Who acts: a user with a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: Uuid,
    pub(crate) role: Role,
}

impl Actor {
    /// Whoever the token of the present request names.
    pub(crate) fn of_request() -> Result<Self, JoinError> {
        let id = context::with_current(|context| {
            let actor = context.and_then(RequestContext::actor)?;
            Uuid::parse_str(actor.as_str()).ok()
        });
        Ok(Self {
            id: id.ok_or(JoinError::Unauthorized)?,
            role: Role::of_caller(),
        })
    }

    /// Whether they may look after an event of this owner: it is theirs, or they are a moderator.
    pub(crate) fn looks_after(&self, owner: Option<&str>) -> bool {
        self.role >= Role::Moderator || owner.is_some_and(|owner| self.is(owner))
    }

    /// Whether that text names them, in whatever form of a UUID.
    pub(crate) fn is(&self, user: &str) -> bool {
        Uuid::parse_str(user).is_ok_and(|user| user == self.id)
    }
}
