use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The changes of operators at run time, which all replicas share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuntimeState {
    /// Grows by one with each change. 0 if there was none.
    pub version: u64,
    /// The overrides of variants.
    pub overrides: Vec<Override>,
    /// The definitions that replace those of the files, by key.
    pub definitions: BTreeMap<String, RuntimeDefinition>,
}

/// A variant that an operator has selected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// The key of the flag.
    pub key: String,
    /// The callers that get the variant.
    pub scope: OverrideScope,
    /// The name of the variant.
    pub variant: String,
    /// The reason, as the operator gave it.
    pub reason: String,
    /// The operator.
    pub actor: String,
    /// The time of the change.
    pub set_at: DateTime<Utc>,
    /// The time at which the override ends. `None` for a kill switch without an end.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The callers to which an override applies.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideScope {
    /// All callers.
    All,
    /// The callers of one tenant.
    Tenant(String),
    /// One user, by the targeting key.
    User(String),
}

/// A definition that an operator has written or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuntimeDefinition {
    /// The flag in the short form. `None` if the flag was removed.
    pub entry: Option<Value>,
    /// The version of the state that wrote it.
    pub version: u64,
    /// The operator.
    pub actor: String,
    /// The time of the change.
    pub set_at: DateTime<Utc>,
}

/// A change for the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The action: `flag.override`, `flag.unset`, `flag.define` or `flag.remove`.
    pub action: ChangeAction,
    /// The key of the flag.
    pub key: String,
    /// The operator.
    pub actor: String,
    /// The reason, as the operator gave it.
    pub reason: String,
    /// The overridden variants or the definition before the change.
    pub before: Value,
    /// The overridden variants or the definition after the change.
    pub after: Value,
}

/// The action of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// An override was set.
    Override,
    /// An override was removed.
    Unset,
    /// A definition was written.
    Define,
    /// A flag was removed.
    Remove,
}

impl ChangeAction {
    /// Returns the action in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Override => "flag.override",
            Self::Unset => "flag.unset",
            Self::Define => "flag.define",
            Self::Remove => "flag.remove",
        }
    }
}

impl RuntimeState {
    /// Returns the overrides of a flag that have not ended.
    pub fn overrides_of(&self, key: &str, now: DateTime<Utc>) -> impl Iterator<Item = &Override> {
        let active = self.overrides.iter().filter(move |set| set.is_active(now));
        active.filter(move |set| set.key == key)
    }

    /// Returns the flags whose definition an operator has removed.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &String> {
        let definitions = self.definitions.iter();
        let removed = definitions.filter(|(_, definition)| definition.entry.is_none());
        removed.map(|(key, _)| key)
    }

    /// Returns the time at which the next override ends.
    pub(crate) fn next_expiry(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let active = self.overrides.iter().filter(|set| set.is_active(now));
        active.filter_map(|set| set.expires_at).min()
    }
}

impl Override {
    /// Whether both select a variant of the same flag for the same callers.
    pub(crate) fn has_target_of(&self, other: &Self) -> bool {
        self.key == other.key && self.scope == other.scope
    }

    pub(crate) fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}
