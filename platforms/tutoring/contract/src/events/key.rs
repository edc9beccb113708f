use uuid::Uuid;

use crate::Role;

/// The entity whose events stay in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKey {
    /// The ID of a student.
    Student(Uuid),
    /// The ID of a trainer.
    Trainer(Uuid),
    /// The ID of another entity, such as a course or the target of an operator.
    Entity(String),
}

impl EventKey {
    /// Returns the key of the message.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Student(id) | Self::Trainer(id) => id.to_string(),
            Self::Entity(id) => id.clone(),
        }
    }

    /// Returns the user with this ID and the user's role.
    pub(super) fn user(&self) -> Option<(Uuid, Role)> {
        match self {
            Self::Student(id) => Some((*id, Role::Student)),
            Self::Trainer(id) => Some((*id, Role::Trainer)),
            Self::Entity(_) => None,
        }
    }
}
