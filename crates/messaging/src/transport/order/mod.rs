//! Keeps the order of the messages of a key within a batch.

mod rounds;

use std::collections::HashSet;

pub(crate) use rounds::publish_in_order;

use crate::{Envelope, PublishError};

/// The keys of a batch whose later messages are deferred, because an earlier one failed.
#[derive(Debug, Default)]
pub(crate) struct KeyOrder(HashSet<Box<str>>);

impl KeyOrder {
    /// Admits a message whose key is not held.
    ///
    /// # Errors
    /// [`PublishError::Deferred`] after an earlier message of the key that may still be published.
    pub(crate) fn admit(&self, envelope: &Envelope) -> Result<(), PublishError> {
        match envelope.key() {
            Some(key) if self.0.contains(key) => Err(PublishError::Deferred),
            _ => Ok(()),
        }
    }

    /// Records the result of a message. A transient failure defers the key, a permanent one does
    /// not.
    pub(crate) fn record(&mut self, key: Option<&str>, answer: &Result<(), PublishError>) {
        if let (Some(key), Err(error)) = (key, answer)
            && error.holds_key()
        {
            self.0.insert(key.into());
        }
    }
}

#[cfg(test)]
mod tests;
