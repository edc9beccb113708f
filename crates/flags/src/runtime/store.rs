use std::{error::Error as StdError, fmt};

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::state::{Change, RuntimeState};

/// The store of changes at run time failed.
#[derive(Debug, thiserror::Error)]
#[error("the store of feature flags failed")]
pub struct StoreError(#[source] Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// Creates an error with its cause.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Stores the changes of operators, for all replicas of a service.
///
/// Implement it to store changes elsewhere.
pub trait RuntimeStore: Send + Sync + fmt::Debug + 'static {
    /// Whether other processes see the changes.
    fn is_shared(&self) -> bool {
        true
    }

    /// Returns the state if its version is not `known`.
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>>;

    /// Stores a state durably, if the stored version is the one before `state.version`. Returns
    /// whether it did. A store with an audit log appends the change in the same transaction.
    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// Stores changes in the memory of one process, until it ends.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<RuntimeState>);

impl RuntimeStore for MemoryStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        let state = self.0.lock().clone();
        let newer = (state.version != known).then_some(state);
        Box::pin(std::future::ready(Ok(newer)))
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        _change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let mut stored = self.0.lock();
        let is_next = stored.version.checked_add(1) == Some(state.version);
        if is_next {
            stored.clone_from(state);
        }
        Box::pin(std::future::ready(Ok(is_next)))
    }
}
