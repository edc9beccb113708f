//! What the service hears of events and of users: each message counts once (MSG-5).

use city_events_contract::{
    TokenVersions,
    messages::{
        Announcement, EventCanceled, EventEnvelope, EventPublished, EventUnpublished, EventUpdated,
        UserChanged,
    },
    subscription_with_retries,
};
use seaworthy::{
    data::Transaction,
    messaging::{Envelope, Failure, Received, Subscription},
    outbox::Inbox,
    prelude::*,
};

use crate::{
    domain::JoinError,
    store::{Announced, Store},
};

/// The group of the service. Not the queue of the earlier service, whose arguments are others.
pub(crate) const GROUP: &str = "city-events.join";
/// The only version of the envelope.
const VERSION: u32 = 1;

/// Hears of events.
pub(crate) fn subscription(store: &Store, inbox: &Inbox, versions: &TokenVersions) -> Subscription {
    let hearer = Hearer {
        store: store.clone(),
        inbox: inbox.clone(),
    };
    let (published, updated, canceled, unpublished) =
        (hearer.clone(), hearer.clone(), hearer.clone(), hearer);
    on_user_changed(subscription_with_retries(GROUP), inbox, versions)
        .on::<EventPublished, _, _>(move |received: Received<EventPublished>| {
            let hearer = published.clone();
            async move {
                let event = received.event().0.clone();
                hearer.hear(received.envelope(), event, News::Opened).await
            }
        })
        .on::<EventUpdated, _, _>(move |received: Received<EventUpdated>| {
            let hearer = updated.clone();
            async move {
                let event = received.event().0.clone();
                hearer.hear(received.envelope(), event, News::Opened).await
            }
        })
        .on::<EventCanceled, _, _>(move |received: Received<EventCanceled>| {
            let hearer = canceled.clone();
            async move {
                let event = received.event().0.clone();
                hearer
                    .hear(received.envelope(), event, News::Canceled)
                    .await
            }
        })
        .on::<EventUnpublished, _, _>(move |received: Received<EventUnpublished>| {
            let hearer = unpublished.clone();
            async move {
                let event = received.event().0.clone();
                hearer
                    .hear(received.envelope(), event, News::Unpublished)
                    .await
            }
        })
}

/// Hears which tokens count no more.
fn on_user_changed(
    subscription: Subscription,
    inbox: &Inbox,
    versions: &TokenVersions,
) -> Subscription {
    let (inbox, versions) = (inbox.clone(), versions.clone());
    subscription.on::<UserChanged, _, _>(move |received: Received<UserChanged>| {
        let (inbox, versions) = (inbox.clone(), versions.clone());
        async move {
            let (versions, changed) = (&versions, received.event());
            let once = inbox.process_once(received.envelope(), |tx| async move {
                let taken = versions.apply(&tx, changed).await;
                taken.map_err(Failure::retry)
            });
            once.await.map(drop)
        }
    })
}

#[derive(Debug, Clone, Copy)]
enum News {
    Opened,
    Unpublished,
    Canceled,
}

#[derive(Debug, Clone)]
struct Hearer {
    store: Store,
    inbox: Inbox,
}

impl Hearer {
    async fn hear(
        &self,
        envelope: &Envelope,
        event: EventEnvelope<Announcement>,
        news: News,
    ) -> Result<(), Failure> {
        if event.version != VERSION {
            return Err(Failure::drop("the version of the envelope is unknown"));
        }
        let event = &event;
        let once = self.inbox.process_once(envelope, |tx| async move {
            let heard = self.take(&tx, event, news).await;
            heard.map_err(|error| Failure::from(Error::from(error)))
        });
        once.await.map(drop)
    }

    async fn take(
        &self,
        tx: &Transaction,
        event: &EventEnvelope<Announcement>,
        news: News,
    ) -> Result<(), JoinError> {
        let announced = Announced {
            event: &event.payload,
            at: event.occurred_at.into(),
        };
        match news {
            News::Opened => self.store.opened(tx, announced).await,
            News::Unpublished => self.store.unpublished(tx, announced).await,
            News::Canceled => self.store.canceled(tx, announced).await,
        }
    }
}
