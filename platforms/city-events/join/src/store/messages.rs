//! What is told of joins. All messages of an event have its id as key, so they keep their order.

use city_events_contract::messages::{
    EmailEventCanceled, JoinBanned, JoinCanceled, JoinCounted, JoinCreated, JoinKicked,
    JoinPromoted, JoinUnbanned,
};
use seaworthy::{
    data::Transaction,
    messaging::{Event, Message, Topics},
    outbox::StoreError,
    prelude::*,
};
use uuid::Uuid;

use super::Store;

/// What is published. Nobody has to listen: the first service of a platform comes before those who want to hear of it.
pub(crate) fn topics() -> Topics {
    Topics::new()
        .and_unroutable::<JoinCreated>()
        .and_unroutable::<JoinCanceled>()
        .and_unroutable::<JoinPromoted>()
        .and_unroutable::<JoinKicked>()
        .and_unroutable::<JoinBanned>()
        .and_unroutable::<JoinUnbanned>()
        .and_unroutable::<JoinCounted>()
        .and_unroutable::<EmailEventCanceled>()
}

impl Store {
    /// Stores a message about an event with its change.
    pub(super) async fn tell<E: Event + Serialize>(
        &self,
        tx: &Transaction,
        event: Uuid,
        message: &E,
    ) -> Result<(), StoreError> {
        let message = Message::of(message).key(&event.to_string());
        self.outbox.store(tx, message).await
    }
}
