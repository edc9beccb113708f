use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    author::{Author, Changed},
    error::ChangeError,
    state::{Change, ChangeAction, RuntimeDefinition, RuntimeState},
};
use crate::{
    Flags,
    source::{Layers, disable},
};

/// Maximum number of definitions without removed ones. They are one document in the store.
const MAX_DEFINITIONS: usize = 1_000;
/// Maximum size of all definitions in bytes, as of a flag file. Each change stores all of them, and
/// each replica reads them.
const MAX_BYTES: usize = 16 * 1024 * 1024;

impl Flags {
    /// Writes the definition of a flag in the short form, above the files, and waits until it is
    /// stored. The [`FILE_FIELDS`](crate::FILE_FIELDS) stay those of the file, unless the definition
    /// has others. `expected` is the version of the flag that the author has read.
    ///
    /// # Errors
    /// [`ChangeError`]. Nothing changes then.
    pub async fn define(
        &self,
        key: &str,
        entry: Value,
        expected: Option<u64>,
        author: &Author,
    ) -> Result<Changed, ChangeError> {
        self.write(key, Some(entry), expected, author).await
    }

    /// Removes the definition of a flag, and waits until this is stored. A flag that a file or a
    /// server defines stays there, disabled, with the items that it governs. Evaluations of another
    /// flag return the default of the code. Routes that require it stay unavailable.
    ///
    /// # Errors
    /// [`ChangeError`]. Nothing changes then.
    pub async fn remove(
        &self,
        key: &str,
        expected: Option<u64>,
        author: &Author,
    ) -> Result<Changed, ChangeError> {
        if self.set().get(key).is_none() {
            return Err(ChangeError::UnknownFlag(key.to_owned()));
        }
        self.write(key, None, expected, author).await
    }

    async fn write(
        &self,
        key: &str,
        entry: Option<Value>,
        expected: Option<u64>,
        author: &Author,
    ) -> Result<Changed, ChangeError> {
        let (actor, reason) = author.check()?;
        self.check_switch(key)?;
        let edit = |state: &mut RuntimeState, now: DateTime<Utc>| {
            let current = self.version_in(state, key);
            if expected.is_some_and(|expected| expected != current) {
                return Err(ChangeError::Version { current });
            }
            let before = self.entry(key).unwrap_or_default();
            if entry.is_some() && is_full(state, key) {
                return Err(ChangeError::TooMany("1,000 definitions at run time"));
            }
            let stored = entry.clone().map(|entry| {
                let sources = self.0.runtime.sources.lock();
                sources.layers.without_file_fields(key, entry)
            });
            let definition = RuntimeDefinition {
                entry: stored,
                version: state.version.saturating_add(1),
                actor: actor.clone(),
                set_at: now,
            };
            match entry.is_some() || self.outlives_removal(key) {
                true => drop(state.definitions.insert(key.to_owned(), definition)),
                false => drop(state.definitions.remove(key)),
            }
            if entry.is_some() && is_too_large(state) {
                return Err(ChangeError::TooMany("16 MiB of definitions at run time"));
            }
            let action = match entry {
                Some(_) => ChangeAction::Define,
                None => ChangeAction::Remove,
            };
            Ok(Change {
                action,
                key: key.to_owned(),
                actor: actor.clone(),
                reason: reason.clone(),
                before,
                after: entry.clone().unwrap_or_default(),
            })
        };
        self.change(key, false, edit).await
    }

    /// Returns a flag in the short form, or in flagd's format if the short form does not define it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Value> {
        let sources = self.0.runtime.sources.lock();
        let layers = &sources.layers;
        let Some(definition) = sources.state.definitions.get(key) else {
            return layers.entry(key).cloned();
        };
        match &definition.entry {
            Some(entry) => Some(layers.with_file_fields(key, entry)),
            None => {
                let mut entry = layers.entry(key)?.clone();
                disable(&mut entry);
                Some(entry)
            }
        }
    }

    /// Returns the version of a flag for [`define`](Self::define): 0 if only files define it, or if
    /// it does not exist.
    #[must_use]
    pub fn version(&self, key: &str) -> u64 {
        let sources = self.0.runtime.sources.lock();
        version(&sources.state, &sources.layers, key)
    }

    fn version_in(&self, state: &RuntimeState, key: &str) -> u64 {
        version(state, &self.0.runtime.sources.lock().layers, key)
    }

    /// Whether a source or the code still names a flag without its definition. The stored state
    /// must then contain the removal, which keeps the flag and its routes off.
    fn outlives_removal(&self, key: &str) -> bool {
        let is_in_source = || {
            let sources = self.0.runtime.sources.lock();
            sources.layers.entry(key).is_some()
        };
        let is_declared = || self.declarations().iter().any(|flag| &*flag.key == key);
        is_in_source() || self.is_switch(key) || is_declared()
    }
}

fn version(state: &RuntimeState, layers: &Layers, key: &str) -> u64 {
    let exists =
        |definition: &&RuntimeDefinition| definition.entry.is_some() || layers.entry(key).is_some();
    let definition = state.definitions.get(key).filter(exists);
    definition.map_or(0, |definition| definition.version)
}

/// Whether the state has no place for the definition of another flag.
fn is_full(state: &RuntimeState, key: &str) -> bool {
    let is_defined = |definition: &&RuntimeDefinition| definition.entry.is_some();
    let replaced = state.definitions.get(key).filter(is_defined);
    let defined = state.definitions.values().filter(is_defined);
    replaced.is_none() && defined.count() >= MAX_DEFINITIONS
}

fn is_too_large(state: &RuntimeState) -> bool {
    let document = serde_json::to_vec(&state.definitions);
    document.is_ok_and(|document| document.len() > MAX_BYTES)
}
