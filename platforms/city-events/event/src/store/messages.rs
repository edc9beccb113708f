//! What is told of events. All messages of an event have its id as key, so they keep their order.

use city_events_contract::messages::{
    Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
};
use seaworthy::{
    core::new_id,
    data::Transaction,
    messaging::{Event as Kind, Message, MessageId, Topics},
    outbox::StoreError,
    prelude::*,
};

use super::Store;
use crate::domain::{Actor, Event, EventError};

/// The only version of the envelope.
const VERSION: u32 = 1;
/// The service, in envelopes.
const PRODUCER: &str = "event-service";

/// What is published. Nobody has to listen: the first service of a platform comes before those who want to hear of it.
pub(crate) fn topics() -> Topics {
    Topics::new()
        .and_unroutable::<EventPublished>()
        .and_unroutable::<EventUpdated>()
        .and_unroutable::<EventCanceled>()
        .and_unroutable::<EventUnpublished>()
}

/// What happened to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Published,
    Updated,
    Unpublished,
    Canceled,
}

impl Store {
    /// Stores the message of a change with it.
    pub(super) async fn tell(
        &self,
        tx: &Transaction,
        event: &Event,
        news: News,
        actor: &Actor,
        reason: Option<&str>,
    ) -> Result<(), EventError> {
        let envelope = EventEnvelope {
            version: VERSION,
            producer: PRODUCER.to_owned(),
            message_id: new_id(),
            trace_id: trace(),
            occurred_at: event.updated_at.get(),
            payload: announcement(event, news, actor, reason),
        };
        let id = envelope.message_id.to_string();
        let message = match news {
            News::Published => message(EventPublished(envelope)),
            News::Updated => message(EventUpdated(envelope)),
            News::Unpublished => message(EventUnpublished(envelope)),
            News::Canceled => message(EventCanceled(envelope)),
        };
        let id = MessageId::parse(&id).map_err(|error| EventError::Internal(error.into()))?;
        let message = message.id(id).key(&event.id.to_string());
        let stored: Result<(), StoreError> = self.outbox.store(tx, message).await;
        stored.map_err(EventError::from)
    }
}

fn message<E: Kind + Serialize>(event: E) -> Message {
    Message::of(&event)
}

fn trace() -> Option<String> {
    context::with_current(|context| context.map(|context| context.trace().trace_id().to_string()))
}

fn announcement(event: &Event, news: News, actor: &Actor, reason: Option<&str>) -> Announcement {
    let details = &event.details;
    let is_visible = matches!(news, News::Published | News::Updated);
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
