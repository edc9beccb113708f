//! What the service hears, each message once (MSG-5).

use chrono::Utc;
use city_events_contract::{
    messages::{
        Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
        JoinCanceled, JoinCreated, SeatCounts,
    },
    subscription_with_retries,
};
use seaworthy::{
    data::{DataError, Transaction},
    messaging::{Envelope, Failure, Received, Subscription, Topics},
    outbox::Inbox,
};
use uuid::Uuid;

use crate::store::{self, Joined, Store};

/// The group of the service. Not the queue of the earlier service, whose arguments are others.
pub(crate) const GROUP: &str = "city-events.feed";
/// The only version of the envelope.
const VERSION: u32 = 1;

/// The topics whose dead letters are this service's.
pub(crate) fn topics() -> Topics {
    Topics::of::<EventPublished>()
        .and::<EventUpdated>()
        .and::<EventCanceled>()
        .and::<EventUnpublished>()
        .and::<JoinCreated>()
        .and::<JoinCanceled>()
}

/// Hears of events and joins.
pub(crate) fn subscription(_: &Store, inbox: &Inbox) -> Subscription {
    let inboxes = || inbox.clone();
    let (published, updated, canceled, unpublished, created, left) = (
        inboxes(),
        inboxes(),
        inboxes(),
        inboxes(),
        inboxes(),
        inboxes(),
    );
    subscription_with_retries(GROUP)
        .on::<EventPublished, _, _>(move |message: Received<EventPublished>| {
            let inbox = published.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "published").await }
        })
        .on::<EventUpdated, _, _>(move |message: Received<EventUpdated>| {
            let inbox = updated.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "published").await }
        })
        .on::<EventCanceled, _, _>(move |message: Received<EventCanceled>| {
            let inbox = canceled.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "canceled").await }
        })
        .on::<EventUnpublished, _, _>(move |message: Received<EventUnpublished>| {
            let inbox = unpublished.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "draft").await }
        })
        .on::<JoinCreated, _, _>(move |message: Received<JoinCreated>| {
            let inbox = created.clone();
            async move {
                let told = message.event();
                let who = (told.user_id, told.event_id);
                moved(&inbox, message.envelope(), who, true, told.seats.as_ref()).await
            }
        })
        .on::<JoinCanceled, _, _>(move |message: Received<JoinCanceled>| {
            let inbox = left.clone();
            async move {
                let told = message.event();
                let who = (told.user_id, told.event_id);
                moved(&inbox, message.envelope(), who, false, told.seats.as_ref()).await
            }
        })
}

async fn told(
    inbox: &Inbox,
    envelope: &Envelope,
    event: &EventEnvelope<Announcement>,
    status: &'static str,
) -> Result<(), Failure> {
    if event.version != VERSION {
        return Err(Failure::drop("the version of the envelope is unknown"));
    }
    let once = inbox.process_once(envelope, |tx: Transaction| async move {
        let taken: Result<(), DataError> = store::announced(&tx, event, status).await;
        taken.map_err(Failure::retry)
    });
    once.await.map(drop)
}

/// A user joined an event, or left it.
async fn moved(
    inbox: &Inbox,
    envelope: &Envelope,
    (user, event): (Uuid, Uuid),
    is_in: bool,
    seats: Option<&SeatCounts>,
) -> Result<(), Failure> {
    let joined = Joined {
        user,
        event,
        is_in,
        revision: seats.map(|seats| seats.revision),
        // Messages of earlier services do not say when: they happened as they came.
        told_at: envelope.time().unwrap_or_else(Utc::now),
    };
    let once = inbox.process_once(envelope, |tx: Transaction| async move {
        let remembered = store::moved(&tx, joined).await;
        remembered.map_err(Failure::retry)
    });
    once.await.map(drop)
}
