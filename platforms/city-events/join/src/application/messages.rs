//! Messages about joins. The key of each is the ID of its event, so the messages of an event keep
//! their order.

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

use super::Joins;

/// Returns the published topics. Each has the groups of its consumers, even before they start. No
/// service consumes `JoinUnbanned`.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<JoinCreated>()
        .with::<JoinCanceled>()
        .with::<JoinPromoted>()
        .with::<JoinKicked>()
        .with::<JoinBanned>()
        .with_unroutable::<JoinUnbanned>()
        .with::<JoinCounted>()
        .with::<EmailEventCanceled>()
}

impl Joins {
    /// Stores a message about an event in the transaction of the change.
    pub(super) async fn store_message<E: Event + Serialize>(
        &self,
        tx: &Transaction,
        event: Uuid,
        message: &E,
    ) -> Result<(), StoreError> {
        self.outbox.store(tx, message_about(event, message)).await
    }
}

/// Returns a message about an event. The trace of the current request is its correlation ID.
pub(super) fn message_about<E: Event + Serialize>(event: Uuid, message: &E) -> Message {
    let message = Message::from_event(message).key(&event.to_string());
    match current_trace_id() {
        Some(trace) => message.correlation_id(&trace),
        None => message,
    }
}

/// Returns the trace ID of the current request or message, in hexadecimal. It is the correlation ID
/// of messages.
pub(super) fn current_trace_id() -> Option<String> {
    context::with_current(|context| context.map(|context| context.trace().trace_id().to_string()))
}
