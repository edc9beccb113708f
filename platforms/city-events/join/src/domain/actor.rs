use city_events_contract::Role;
use uuid::Uuid;

/// The user who calls the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) id: Uuid,
    pub(crate) role: Role,
}

impl Actor {
    /// Returns whether the actor may manage an event of this owner: as its owner, as a moderator or
    /// as an admin.
    pub(crate) fn can_manage(&self, owner: Option<&str>) -> bool {
        self.role >= Role::Moderator || owner.is_some_and(|owner| self.is(owner))
    }

    /// Returns whether `user` is the ID of the actor, in any form of a UUID.
    pub(crate) fn is(&self, user: &str) -> bool {
        Uuid::parse_str(user).is_ok_and(|user| user == self.id)
    }
}
