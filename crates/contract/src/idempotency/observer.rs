use std::{fmt, sync::Arc};

use axum::response::Response;

/// Observes a call with a key, which continues after its client has disconnected.
pub trait ObserveKeyedCall: Send + Sync + 'static {
    /// The call begins. It continues if the future of its request is dropped.
    fn begin(&self);

    /// The call has ended, with its response unless it panicked. Runs before the client gets the
    /// response, in the context of the request. Not called if the process stops earlier.
    fn end(&self, response: Option<&Response>);
}

/// An observer of a call, as an extension of its request. Add it in a layer outside of the
/// [`IdempotencyLayer`](super::IdempotencyLayer).
#[derive(Clone)]
pub struct KeyedCallObserver(Arc<dyn ObserveKeyedCall>);

impl KeyedCallObserver {
    /// Creates the extension.
    pub fn new(observer: Arc<dyn ObserveKeyedCall>) -> Self {
        Self(observer)
    }

    pub(super) fn begin(&self) {
        self.0.begin();
    }

    pub(super) fn end(&self, response: Option<&Response>) {
        self.0.end(response);
    }
}

impl fmt::Debug for KeyedCallObserver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KeyedCallObserver")
            .finish_non_exhaustive()
    }
}

/// Marks a stored response that a repeat gets, as an extension of the response. Unlike the header
/// `Idempotency-Replayed`, a handler cannot set it by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed;
