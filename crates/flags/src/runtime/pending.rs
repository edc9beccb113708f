use chrono::{DateTime, Utc};

use super::{
    error::ChangeError,
    overrides::{MAX_OVERRIDES, overridden},
    state::{Change, ChangeAction, Override, RuntimeState},
};

/// A kill switch that waits for the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pending {
    pub(crate) set: Override,
    /// The stored override that it replaced, as this replica had read it.
    pub(crate) replaced: Option<Override>,
}

impl Pending {
    /// Whether another replica has stored a decision about the flag since.
    pub(crate) fn is_outdated(&self, state: &RuntimeState, now: DateTime<Utc>) -> bool {
        let set = &self.set;
        let mut stored = state.overrides.iter();
        let is_decided = match stored.find(|other| other.has_target_of(set)) {
            Some(other) => other.set_at >= set.set_at && Some(other) != self.replaced.as_ref(),
            // An operator has removed the override.
            None => (self.replaced.as_ref()).is_some_and(|replaced| replaced.is_active(now)),
        };
        let definition = state.definitions.get(&set.key);
        is_decided || definition.is_some_and(|definition| definition.set_at > set.set_at)
    }
}

/// Replaces the override of the same flag and scope.
///
/// # Errors
/// There are too many overrides.
pub(super) fn put(state: &mut RuntimeState, set: &Override) -> Result<Change, ChangeError> {
    let before = overridden(state, &set.key);
    state.overrides.retain(|other| !other.has_target_of(set));
    if state.overrides.len() >= MAX_OVERRIDES {
        return Err(ChangeError::TooMany("1,000 overrides"));
    }
    state.overrides.push(set.clone());
    Ok(Change {
        action: ChangeAction::Override,
        key: set.key.clone(),
        actor: set.actor.clone(),
        reason: set.reason.clone(),
        before,
        after: overridden(state, &set.key),
    })
}
