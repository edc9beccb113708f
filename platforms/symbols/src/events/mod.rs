//! Events of symbols: one protobuf message per change, stored in the same transaction.

mod kinds;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use seaworthy::{
    data::{
        Transaction,
        chrono::{DateTime, Utc},
    },
    messaging::{Message, Topics},
    outbox::{Outbox, StoreError},
};

pub(crate) use crate::contract::events::symbols::v1::{
    SymbolCreated, SymbolDeleted, SymbolUpdated,
};
use crate::domain::Attributes;

/// Stores events in the outbox, which publishes them after the commit.
#[derive(Debug, Clone)]
pub(crate) struct Events(Outbox);

/// Returns the topics. They need no subscriber, because the service may start before the worker.
pub(crate) fn topics() -> Topics {
    Topics::new()
        .with_unroutable::<SymbolCreated>()
        .with_unroutable::<SymbolUpdated>()
        .with_unroutable::<SymbolDeleted>()
}

impl Events {
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self(outbox)
    }

    pub(crate) async fn created(
        &self,
        tx: &Transaction,
        id: u64,
        attributes: &Attributes,
        moment: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Attributes {
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
        } = attributes.clone();
        let event = SymbolCreated {
            id,
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
            created_at: Some(SystemTime::from(moment).into()),
        };
        self.store(tx, id, Message::protobuf(&event)).await
    }

    pub(crate) async fn updated(
        &self,
        tx: &Transaction,
        id: u64,
        attributes: &Attributes,
        moment: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Attributes {
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
        } = attributes.clone();
        let event = SymbolUpdated {
            id,
            project_id,
            uid,
            label,
            class_name,
            component_target,
            version,
            updated_at: Some(SystemTime::from(moment).into()),
        };
        self.store(tx, id, Message::protobuf(&event)).await
    }

    pub(crate) async fn deleted(
        &self,
        tx: &Transaction,
        id: u64,
        attributes: &Attributes,
        moment: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let event = SymbolDeleted {
            id,
            project_id: attributes.project_id,
            uid: attributes.uid.clone(),
            deleted_at: Some(SystemTime::from(moment).into()),
        };
        self.store(tx, id, Message::protobuf(&event)).await
    }

    /// Stores an event with the symbol as its key, which keeps the order per symbol.
    async fn store(&self, tx: &Transaction, id: u64, message: Message) -> Result<(), StoreError> {
        self.0.store(tx, message.key(&format!("symbol-{id}"))).await
    }
}
