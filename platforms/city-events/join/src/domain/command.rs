use uuid::Uuid;

use super::{Actor, IdempotencyKey};

/// A change that a user requests for their own join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Join,
    Cancel,
}

impl Action {
    /// Returns the name in the table of idempotency keys.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Cancel => "cancel",
        }
    }
}

/// A request of a user to join or to leave an event.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) actor: Actor,
    pub(crate) event: Uuid,
    pub(crate) action: Action,
    pub(crate) key: IdempotencyKey,
}
