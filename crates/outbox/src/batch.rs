use std::{mem, sync::Arc};

use seaworthy_data::Transaction;
use seaworthy_messaging::{Envelope, Message};

use crate::{Outbox, StoreError, store::insert::insert};

/// Events of several requests that one transaction stores, with one statement per 64 events.
///
/// Each event carries the request ID, the trace and the actor of the request that is current when
/// it is [added](Self::add).
///
/// ```
/// use seaworthy_data::Transaction;
/// use seaworthy_messaging::Message;
/// use seaworthy_outbox::{Outbox, StoreError};
///
/// async fn announce(outbox: &Outbox, tx: &Transaction, events: &[&str]) -> Result<(), StoreError> {
///     let mut batch = outbox.batch();
///     for event in events {
///         batch.add(Message::raw("event.closed", "text/plain", (*event).to_owned()).key(event))?;
///     }
///     batch.store(tx).await
/// }
/// ```
#[derive(Debug)]
#[must_use = "the events of a batch are lost unless it is stored"]
pub struct OutboxBatch<'a> {
    outbox: &'a Outbox,
    envelopes: Vec<Envelope>,
}

impl<'a> OutboxBatch<'a> {
    pub(crate) const fn new(outbox: &'a Outbox) -> Self {
        Self {
            outbox,
            envelopes: Vec::new(),
        }
    }

    /// Adds an event after the others.
    ///
    /// # Errors
    /// [`StoreError::Unpublishable`]. The batch is unchanged.
    pub fn add(&mut self, message: Message) -> Result<(), StoreError> {
        self.envelopes.push(self.outbox.prepare(message)?);
        Ok(())
    }

    /// Stores the events in the transaction of their changes and empties the batch. Relays publish
    /// them soon after the commit, in the order in which they were added.
    ///
    /// # Errors
    /// [`StoreError`]. Roll the transaction back.
    pub async fn store(&mut self, tx: &Transaction) -> Result<(), StoreError> {
        let envelopes = mem::take(&mut self.envelopes);
        if envelopes.is_empty() {
            return Ok(());
        }
        insert(tx, &envelopes).await?;
        let (inner, count) = (Arc::clone(&self.outbox.0), envelopes.len());
        tx.on_commit(move || {
            inner.metrics.stored.add(count as u64);
            inner.committed.notify_one();
        });
        Ok(())
    }
}
