//! Messages about changes of events. The key of a message is the event ID, so the messages of one
//! event keep their order.

use city_events_contract::messages::{
    Announcement, EventCanceled, EventCoversRemoved, EventEnvelope, EventPublished,
    EventUnpublished, EventUpdated,
};
use seaworthy::{
    core::new_id,
    data::Transaction,
    messaging::{Event as MessageType, Message, MessageId, Topics},
    outbox::StoreError,
    prelude::*,
};

use super::Store;
use crate::domain::{Actor, Event, EventError};

/// Version of the envelope.
const VERSION: u32 = 1;
/// Producer in envelopes.
const PRODUCER: &str = "event-service";

/// Returns the published topics. Each has the groups of its consumers, even before they start.
pub(crate) fn published_topics() -> Topics {
    Topics::from_event::<EventPublished>()
        .with::<EventUpdated>()
        .with::<EventCanceled>()
        .with::<EventUnpublished>()
        .with::<EventCoversRemoved>()
}

/// A change of an event that other services receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Published,
    Updated,
    Unpublished,
    Canceled,
}

impl Store {
    /// Stores the message of a change in the outbox.
    pub(super) async fn store_message(
        &self,
        tx: &Transaction,
        event: &Event,
        change: Change,
        actor: &Actor,
        reason: Option<&str>,
    ) -> Result<(), EventError> {
        let id = new_id();
        let envelope = EventEnvelope {
            version: VERSION,
            producer: PRODUCER.to_owned(),
            message_id: Some(id),
            trace_id: trace_id(),
            occurred_at: event.updated_at.get(),
            payload: announcement(event, change, actor, reason),
        };
        let message = match change {
            Change::Published => message(EventPublished(envelope)),
            Change::Updated => message(EventUpdated(envelope)),
            Change::Unpublished => message(EventUnpublished(envelope)),
            Change::Canceled => message(EventCanceled(envelope)),
        };
        let id = MessageId::parse(&id.to_string())
            .map_err(|error| EventError::Internal(error.into()))?;
        let message = message.id(id).key(&event.id.to_string());
        let stored: Result<(), StoreError> = self.outbox.store(tx, message).await;
        stored.map_err(EventError::from)
    }
}

fn message<E: MessageType + Serialize>(event: E) -> Message {
    Message::from_event(&event)
}

fn trace_id() -> Option<String> {
    context::with_current(|context| context.map(|context| context.trace().trace_id().to_string()))
}

fn announcement(
    event: &Event,
    change: Change,
    actor: &Actor,
    reason: Option<&str>,
) -> Announcement {
    let details = &event.details;
    let is_visible = matches!(change, Change::Published | Change::Updated);
    Announcement {
        event_id: event.id,
        owner_id: Some(event.owner.clone()),
        title: details.title.clone(),
        city: details.city.clone(),
        category: details.category.clone(),
        start_time: Some(details.start_time.get()),
        end_time: Some(details.end_time.get()),
        capacity: details.capacity,
        status: event.state.name().as_str().to_owned(),
        reason: reason.map(str::to_owned),
        actor_role: Some(actor.role_name.clone()),
        cover_image_ids: if is_visible {
            details.covers.clone()
        } else {
            Vec::new()
        },
    }
}
