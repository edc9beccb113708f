//! What the service hears, each message once (MSG-5).

use city_events_contract::{
    hearing,
    messages::{
        Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
        JoinCanceled, JoinCreated,
    },
};
use seaworthy::{
    data::{DataError, Transaction},
    messaging::{Envelope, Failure, Received, Subscription, Topics},
    outbox::Inbox,
};
use uuid::Uuid;

use crate::store::{self, Store};

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
    hearing(GROUP)
        .on::<EventPublished, _, _, _>(move |message: Received<EventPublished>| {
            let inbox = published.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "published").await }
        })
        .on::<EventUpdated, _, _, _>(move |message: Received<EventUpdated>| {
            let inbox = updated.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "published").await }
        })
        .on::<EventCanceled, _, _, _>(move |message: Received<EventCanceled>| {
            let inbox = canceled.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "canceled").await }
        })
        .on::<EventUnpublished, _, _, _>(move |message: Received<EventUnpublished>| {
            let inbox = unpublished.clone();
            async move { told(&inbox, message.envelope(), &message.event().0, "draft").await }
        })
        .on::<JoinCreated, _, _, _>(move |message: Received<JoinCreated>| {
            let inbox = created.clone();
            async move {
                let (user, event) = (message.event().user_id, message.event().event_id);
                act(&inbox, message.envelope(), (user, event), true).await
            }
        })
        .on::<JoinCanceled, _, _, _>(move |message: Received<JoinCanceled>| {
            let inbox = left.clone();
            async move {
                let (user, event) = (message.event().user_id, message.event().event_id);
                act(&inbox, message.envelope(), (user, event), false).await
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
    let once = inbox.once(envelope, |tx: Transaction| async move {
        let taken: Result<(), DataError> = store::announced(&tx, event, status).await;
        taken.map_err(Failure::retry)
    });
    once.await.map(drop)
}

async fn act(
    inbox: &Inbox,
    envelope: &Envelope,
    (user, event): (Uuid, Uuid),
    has_joined: bool,
) -> Result<(), Failure> {
    let once = inbox.once(envelope, |tx: Transaction| async move {
        let done = match has_joined {
            true => store::joined(&tx, user, event).await,
            false => store::left(&tx, user, event).await,
        };
        done.map_err(Failure::retry)
    });
    once.await.map(drop)
}
