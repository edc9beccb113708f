//! Consumers of messages about events and joins. The inbox processes each message once (MSG-5).

use chrono::Utc;
use city_events_contract::{
    groups::FEED,
    messages::{
        Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
        JoinCanceled, JoinCreated, SeatCounts,
    },
    subscription_with_retries,
};
use seaworthy::{
    data::{DataError, Transaction},
    messaging::{Envelope, Event, Failure, Received, Subscription, Topics},
    outbox::Inbox,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    lists::Lists,
    store::{self, JoinChange},
};

/// Supported version of the envelope.
const VERSION: u32 = 1;

/// A message about the state of an event.
trait EventMessage: Event + Sync {
    /// Status of the event after the message.
    const STATUS: &'static str;

    fn envelope(&self) -> &EventEnvelope<Announcement>;
}

macro_rules! event_messages {
    ($($kind:ty: $status:literal;)+) => {$(
        impl EventMessage for $kind {
            const STATUS: &'static str = $status;

            fn envelope(&self) -> &EventEnvelope<Announcement> {
                &self.0
            }
        }
    )+};
}

event_messages! {
    EventPublished: "published";
    EventUpdated: "published";
    EventCanceled: "canceled";
    EventUnpublished: "draft";
}

/// A message about a join of a user.
trait JoinMessage: Event + Sync {
    /// Whether the user takes part after the message.
    const IS_JOINED: bool;

    fn parts(&self) -> (Uuid, Uuid, Option<&SeatCounts>);
}

impl JoinMessage for JoinCreated {
    const IS_JOINED: bool = true;

    fn parts(&self) -> (Uuid, Uuid, Option<&SeatCounts>) {
        (self.user_id, self.event_id, self.seats.as_ref())
    }
}

impl JoinMessage for JoinCanceled {
    const IS_JOINED: bool = false;

    fn parts(&self) -> (Uuid, Uuid, Option<&SeatCounts>) {
        (self.user_id, self.event_id, self.seats.as_ref())
    }
}

/// Returns the consumed topics, which are also the topics of this service's dead letters.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<EventPublished>()
        .with::<EventUpdated>()
        .with::<EventCanceled>()
        .with::<EventUnpublished>()
        .with::<JoinCreated>()
        .with::<JoinCanceled>()
}

/// Returns the subscription to all consumed topics. Messages about events change the lists.
pub(crate) fn subscription(inbox: &Inbox, lists: &Lists) -> Subscription {
    let subscription = subscription_with_retries(FEED);
    let subscription = on_event::<EventPublished>(subscription, inbox, lists);
    let subscription = on_event::<EventUpdated>(subscription, inbox, lists);
    let subscription = on_event::<EventCanceled>(subscription, inbox, lists);
    let subscription = on_event::<EventUnpublished>(subscription, inbox, lists);
    let subscription = on_join::<JoinCreated>(subscription, inbox);
    on_join::<JoinCanceled>(subscription, inbox)
}

fn on_event<M: EventMessage + DeserializeOwned>(
    subscription: Subscription,
    inbox: &Inbox,
    lists: &Lists,
) -> Subscription {
    let (inbox, lists) = (inbox.clone(), lists.clone());
    subscription.on::<M, _, _>(move |message: Received<M>| {
        let (inbox, lists) = (inbox.clone(), lists.clone());
        async move {
            let event = message.event().envelope();
            index_event((&inbox, &lists), message.envelope(), event, M::STATUS).await
        }
    })
}

fn on_join<M: JoinMessage + DeserializeOwned>(
    subscription: Subscription,
    inbox: &Inbox,
) -> Subscription {
    let inbox = inbox.clone();
    subscription.on::<M, _, _>(move |message: Received<M>| {
        let inbox = inbox.clone();
        async move { record_join(&inbox, message.envelope(), message.event()).await }
    })
}

/// Applies a message to the index, once. Later requests see its change.
pub(crate) async fn index_event(
    (inbox, lists): (&Inbox, &Lists),
    envelope: &Envelope,
    event: &EventEnvelope<Announcement>,
    status: &'static str,
) -> Result<(), Failure> {
    if event.version != VERSION {
        return Err(Failure::drop("the version of the envelope is unknown"));
    }
    let processed = inbox.process_once(envelope, |tx: Transaction| async move {
        let indexed: Result<(), DataError> = store::index_event(&tx, event, status).await;
        indexed.map_err(Failure::retry)
    });
    let processed = processed.await;
    // The transaction has ended. After some errors it is unknown whether it was committed.
    lists.invalidate();
    processed.map(drop)
}

async fn record_join<M: JoinMessage>(
    inbox: &Inbox,
    envelope: &Envelope,
    message: &M,
) -> Result<(), Failure> {
    let (user, event, seats) = message.parts();
    let change = JoinChange {
        user,
        event,
        is_joined: M::IS_JOINED,
        revision: seats.map(|seats| seats.revision),
        // Messages of the legacy service have no time, so the time of receipt replaces it.
        occurred_at: envelope.time().unwrap_or_else(Utc::now),
    };
    let processed = inbox.process_once(envelope, |tx: Transaction| async move {
        let recorded = store::record_join(&tx, change, Utc::now()).await;
        recorded.map_err(Failure::retry)
    });
    processed.await.map(drop)
}
