//! Who changes the places of an event next.
//!
//! All who do so wait for one row of the database. Two thousand who wait there at once would hold every connection and time out for it; so they wait here, in the order in which they came, for as long
//! as their requests last, and a few at a time go on to the database. Several processes still meet at the row, which is what decides.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use seaworthy::prelude::*;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::{config::TurnstileConfig, domain::JoinError};

/// Events that nobody waits for are forgotten when so many more have come.
const SWEPT_EVERY: usize = 1_024;

/// The queues. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Turnstile {
    one_event: usize,
    all_events: Arc<Semaphore>,
    events: Arc<Mutex<HashMap<Uuid, Weak<Semaphore>>>>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _event: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    /// Keeps the queue of the event known as long as somebody is in it.
    _queue: Arc<Semaphore>,
}

impl Turnstile {
    pub(crate) fn new(config: &TurnstileConfig) -> Self {
        Self {
            one_event: config.one_event.get().into(),
            all_events: Arc::new(Semaphore::new(config.all_events.get().into())),
            events: Arc::default(),
        }
    }

    /// Waits for a turn at this event, until the deadline of the request.
    ///
    /// # Errors
    /// [`JoinError::Busy`] when the deadline comes first.
    pub(crate) async fn enter(&self, event: Uuid) -> Result<Turn, JoinError> {
        let left = context::with_current(|context| {
            context
                .and_then(RequestContext::deadline)
                .map(|deadline| deadline.remaining().unwrap_or_default())
        });
        match left {
            None => self.wait(event).await,
            Some(left) => tokio::time::timeout(left, self.wait(event))
                .await
                .map_err(|_| JoinError::Busy)?,
        }
    }

    async fn wait(&self, event: Uuid) -> Result<Turn, JoinError> {
        let queue = self.queue(event).await;
        // First the event's queue: a crowd at one event holds no place of all events while it waits.
        let of_event = Arc::clone(&queue).acquire_owned().await;
        let of_all = Arc::clone(&self.all_events).acquire_owned().await;
        Ok(Turn {
            _event: of_event.map_err(|_| JoinError::Busy)?,
            _all: of_all.map_err(|_| JoinError::Busy)?,
            _queue: queue,
        })
    }

    async fn queue(&self, event: Uuid) -> Arc<Semaphore> {
        let mut events = self.events.lock().await;
        if let Some(queue) = events.get(&event).and_then(Weak::upgrade) {
            return queue;
        }
        if events.len() >= SWEPT_EVERY {
            events.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::new(Semaphore::new(self.one_event));
        events.insert(event, Arc::downgrade(&queue));
        queue
    }
}
