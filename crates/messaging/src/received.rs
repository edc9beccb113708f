use std::{ops::Deref, sync::Arc};

use crate::Envelope;

/// An event that has come, with what came beside it.
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

    /// The event; so is the whole by dereference.
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// The event alone.
    #[must_use]
    pub fn into_event(self) -> E {
        self.event
    }

    /// What came beside it: identifier, key, headers.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Which attempt this is, counted from 1 since the delivery.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How often the broker has delivered it, this time included.
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
