use std::{ops::Deref, sync::Arc};

use crate::Envelope;

/// A received event with its envelope. It dereferences to the event.
///
/// ```
/// use seaworthy_messaging::{Failure, Received};
///
/// struct SymbolCreated { id: u64 }
///
/// async fn created(event: Received<SymbolCreated>) -> Result<(), Failure> {
///     tracing::info!(id = event.id, attempt = event.attempt(), "a symbol was created");
///     Ok(())
/// }
/// # drop(created);
/// ```
#[derive(Debug, Clone)]
pub struct Received<E> {
    event: E,
    envelope: Arc<Envelope>,
    attempt: u32,
    deliveries: u32,
}

impl<E> Received<E> {
    pub(crate) fn new(event: E, envelope: Arc<Envelope>, attempt: u32, deliveries: u32) -> Self {
        Self {
            event,
            envelope,
            attempt,
            deliveries,
        }
    }

    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// Returns the event without its envelope.
    #[must_use]
    pub fn into_event(self) -> E {
        self.event
    }

    /// Returns the envelope, which has the ID, the key and the headers.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Returns the number of this attempt, counted from 1 for each delivery.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns how often the broker has delivered the message, including this delivery.
    #[must_use]
    pub fn deliveries(&self) -> u32 {
        self.deliveries
    }
}

impl<E> Deref for Received<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}
