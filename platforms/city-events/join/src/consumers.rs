//! Consumers of messages about events and users. The inbox processes each message once (MSG-5).

use city_events_contract::{
    TokenVersions,
    groups::JOIN,
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

use crate::application::{EventChange, JoinError, Joins};

/// The supported version of the envelope.
const VERSION: u32 = 1;

/// Subscribes to messages about events and about revoked tokens.
pub(crate) fn subscription(joins: &Joins, inbox: &Inbox, versions: &TokenVersions) -> Subscription {
    let consumer = EventConsumer {
        joins: joins.clone(),
        inbox: inbox.clone(),
    };
    let (published, updated, canceled, unpublished) = (
        consumer.clone(),
        consumer.clone(),
        consumer.clone(),
        consumer,
    );
    on_user_changed(subscription_with_retries(JOIN), inbox, versions)
        .on::<EventPublished, _, _>(move |received: Received<EventPublished>| {
            let consumer = published.clone();
            async move {
                let event = received.event().0.clone();
                consumer
                    .consume(received.envelope(), event, ChangeKind::Opened)
                    .await
            }
        })
        .on::<EventUpdated, _, _>(move |received: Received<EventUpdated>| {
            let consumer = updated.clone();
            async move {
                let event = received.event().0.clone();
                consumer
                    .consume(received.envelope(), event, ChangeKind::Opened)
                    .await
            }
        })
        .on::<EventCanceled, _, _>(move |received: Received<EventCanceled>| {
            let consumer = canceled.clone();
            async move {
                let event = received.event().0.clone();
                consumer
                    .consume(received.envelope(), event, ChangeKind::Canceled)
                    .await
            }
        })
        .on::<EventUnpublished, _, _>(move |received: Received<EventUnpublished>| {
            let consumer = unpublished.clone();
            async move {
                let event = received.event().0.clone();
                consumer
                    .consume(received.envelope(), event, ChangeKind::Unpublished)
                    .await
            }
        })
}

/// Subscribes to messages about revoked tokens.
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
            let processed = inbox.process_once(received.envelope(), |tx| async move {
                let applied = versions.apply(&tx, changed).await;
                applied.map_err(Failure::retry)
            });
            processed.await.map(drop)
        }
    })
}

#[derive(Debug, Clone, Copy)]
enum ChangeKind {
    Opened,
    Unpublished,
    Canceled,
}

#[derive(Debug, Clone)]
struct EventConsumer {
    joins: Joins,
    inbox: Inbox,
}

impl EventConsumer {
    async fn consume(
        &self,
        envelope: &Envelope,
        event: EventEnvelope<Announcement>,
        kind: ChangeKind,
    ) -> Result<(), Failure> {
        if event.version != VERSION {
            return Err(Failure::drop(format!(
                "the envelope has version {}, and this service supports only version {VERSION}",
                event.version
            )));
        }
        let event = &event;
        let processed = self.inbox.process_once(envelope, |tx| async move {
            let applied = self.apply(&tx, event, kind).await;
            applied.map_err(|error| Failure::from(Error::from(error)))
        });
        processed.await.map(drop)
    }

    async fn apply(
        &self,
        tx: &Transaction,
        event: &EventEnvelope<Announcement>,
        kind: ChangeKind,
    ) -> Result<(), JoinError> {
        let change = EventChange {
            event: &event.payload,
            at: event.occurred_at.into(),
        };
        match kind {
            ChangeKind::Opened => self.joins.open_event(tx, change).await,
            ChangeKind::Unpublished => self.joins.unpublish_event(tx, change).await,
            ChangeKind::Canceled => self.joins.cancel_event(tx, change).await,
        }
    }
}
