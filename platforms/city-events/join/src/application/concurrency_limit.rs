//! The limit of concurrent transactions that change seats.
//!
//! All changes of an event wait for one row lock in the database. Without this limit thousands of
//! requests would wait with a database connection each. They wait here, in the order of arrival,
//! until the deadline of the request. Replicas do not share this limit. The row lock serializes
//! them.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use seaworthy::prelude::*;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::JoinError;
use crate::config::JoinBatchingConfig;

/// The number of entries at which unused entries of events are removed.
const CLEANUP_THRESHOLD: usize = 1_024;

/// A semaphore per event and one for all events. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ConcurrencyLimit {
    max_per_event: usize,
    all_events: Arc<Semaphore>,
    events: Arc<Mutex<HashMap<Uuid, Weak<Semaphore>>>>,
}

/// A permit to change seats. Dropping it releases the semaphores.
#[derive(Debug)]
pub(crate) struct Permit {
    /// The permit of the event, absent for a batch. The semaphore keeps the entry of the event.
    _event: Option<(OwnedSemaphorePermit, Arc<Semaphore>)>,
    _all_events: OwnedSemaphorePermit,
}

impl ConcurrencyLimit {
    pub(crate) fn new(config: &JoinBatchingConfig) -> Self {
        Self {
            // One of them is the batch of the event.
            max_per_event: usize::from(config.max_concurrent_per_event.get())
                .saturating_sub(1)
                .max(1),
            all_events: Arc::new(Semaphore::new(config.max_concurrent.get().into())),
            events: Arc::default(),
        }
    }

    /// Waits for a permit for this event, until the deadline of the request.
    ///
    /// # Errors
    /// [`JoinError::Overloaded`] at the deadline.
    pub(crate) async fn acquire(&self, event: Uuid) -> Result<Permit, JoinError> {
        let remaining = context::with_current(|context| {
            context
                .and_then(RequestContext::deadline)
                .map(|deadline| deadline.remaining().unwrap_or_default())
        });
        match remaining {
            None => self.wait(event).await,
            Some(remaining) => tokio::time::timeout(remaining, self.wait(event))
                .await
                .map_err(|_| JoinError::Overloaded)?,
        }
    }

    async fn wait(&self, event: Uuid) -> Result<Permit, JoinError> {
        let semaphore = self.semaphore(event).await;
        // The permit of the event comes first: requests that wait for one event hold no permit of
        // all events.
        let of_event = Arc::clone(&semaphore).acquire_owned().await;
        let of_all = Arc::clone(&self.all_events).acquire_owned().await;
        Ok(Permit {
            _event: Some((of_event.map_err(|_| JoinError::Overloaded)?, semaphore)),
            _all_events: of_all.map_err(|_| JoinError::Overloaded)?,
        })
    }

    /// Waits for a permit for a batch. The queues allow one batch per event.
    ///
    /// # Errors
    /// [`JoinError::Overloaded`] if the semaphore is closed, but the service never closes it.
    pub(crate) async fn acquire_for_batch(&self) -> Result<Permit, JoinError> {
        let of_all = Arc::clone(&self.all_events).acquire_owned().await;
        Ok(Permit {
            _event: None,
            _all_events: of_all.map_err(|_| JoinError::Overloaded)?,
        })
    }

    async fn semaphore(&self, event: Uuid) -> Arc<Semaphore> {
        let mut events = self.events.lock().await;
        if let Some(semaphore) = events.get(&event).and_then(Weak::upgrade) {
            return semaphore;
        }
        if events.len() >= CLEANUP_THRESHOLD {
            events.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let semaphore = Arc::new(Semaphore::new(self.max_per_event));
        events.insert(event, Arc::downgrade(&semaphore));
        semaphore
    }
}
