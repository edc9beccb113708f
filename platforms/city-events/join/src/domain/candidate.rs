use city_events_contract::Timestamp;
use uuid::Uuid;

use super::{Command, JoinStatus, Outcome, Rejection};

/// The stored join and ban of a user at an event, and the use of an idempotency key.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) key: Option<UsedKey>,
    pub(crate) join: Option<StoredJoin>,
    pub(crate) ban: Option<Ban>,
}

/// The stored use of an idempotency key.
#[derive(Debug)]
pub(crate) struct UsedKey {
    pub(crate) user: Uuid,
    pub(crate) event: Uuid,
    /// The name of the [`Action`](super::Action).
    pub(crate) action: String,
    /// The name of the [`Decision`](super::Decision).
    pub(crate) decision: String,
    pub(crate) decided_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// The stored join of a user, in any status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredJoin {
    pub(crate) id: Uuid,
    pub(crate) status: JoinStatus,
    pub(crate) updated_at: Timestamp,
}

/// A ban of a user from an event.
#[derive(Debug)]
pub(crate) struct Ban {
    /// The end of the ban. Without it, the ban does not expire.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Candidate {
    /// Returns the outcome that the key of the command recorded, if the key has not expired.
    ///
    /// # Errors
    /// [`Rejection::IdempotencyKeyMismatch`] if the key belongs to another user, event or action.
    pub(crate) fn recorded_outcome(
        &self,
        command: &Command,
        now: Timestamp,
    ) -> Result<Option<Outcome>, Rejection> {
        let Some(key) = self.key.as_ref().filter(|key| key.expires_at > now) else {
            return Ok(None);
        };
        let requested = (command.actor.id, command.event, command.action.as_str());
        if (key.user, key.event, key.action.as_str()) != requested {
            return Err(Rejection::IdempotencyKeyMismatch);
        }
        Ok(Outcome::parse(&key.decision, key.decided_at))
    }

    /// Returns whether a ban of the user is in force.
    pub(crate) fn is_banned(&self, now: Timestamp) -> bool {
        let ban = self.ban.as_ref();
        ban.is_some_and(|ban| ban.expires_at.is_none_or(|end| end > now))
    }
}
