//! The order of the messages of a key within a batch.

mod rounds;

use std::collections::HashSet;

pub(crate) use rounds::publish_in_order;

use crate::{Envelope, PublishError};

/// The keys of a batch whose later messages have to wait, because an earlier one was not published.
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

    /// Records the answer for a message. A failure that may pass holds the key. A message that can
    /// never be published holds up nothing.
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
