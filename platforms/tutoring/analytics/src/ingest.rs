//! Consumes the topics of all services.

use std::sync::Arc;

use seaworthy::{
    axum::body::Bytes,
    messaging::{Failure, Received, Subscription, Topics},
    outbox::Inbox,
};
use tutoring_contract::{events::KINDS, groups::ANALYTICS};

use crate::{analytics::Analytics, domain::business_event, store::events};

/// The retries of a message: five attempts in total.
const MAX_RETRIES: u32 = 4;

/// Returns the topics that the service consumes.
pub(crate) fn consumed_topics() -> Topics {
    let topics = KINDS.iter().map(|(_, topic)| topic);
    topics.fold(Topics::new(), |topics, topic| topics.with_topic(topic))
}

/// Returns the subscription that stores each business event once.
pub(crate) fn subscription(inbox: &Inbox, analytics: &Arc<Analytics>) -> Subscription {
    let subscription = Subscription::for_group(ANALYTICS).max_retries(MAX_RETRIES);
    KINDS.iter().fold(subscription, |subscription, (_, topic)| {
        let (inbox, analytics) = (inbox.clone(), Arc::clone(analytics));
        subscription.on_topic(topic, move |received| {
            store(inbox.clone(), Arc::clone(&analytics), received)
        })
    })
}

async fn store(
    inbox: Inbox,
    analytics: Arc<Analytics>,
    received: Received<Bytes>,
) -> Result<(), Failure> {
    let event = business_event(received.event()).map_err(Failure::reject)?;
    // A replayed message may be older than the retention.
    if event.timestamp < analytics.oldest() {
        return Ok(());
    }
    // Create partitions outside of the transaction, because this locks the table.
    let created = analytics.partitions.create([event.timestamp]).await;
    created.map_err(Failure::retry)?;
    let events = &[event];
    let stored = inbox.process_once(received.envelope(), |tx| async move {
        let stored = events::insert(&tx, events).await;
        stored.map_err(Failure::retry)
    });
    stored.await.map(drop)
}
