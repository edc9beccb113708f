//! A service that exchanges messages with this one.

use seaworthy::messaging::{Received, Subscription, Topics};
use serde_json::json;
use tutoring_contract::{
    LiveEvent,
    events::{
        AdminOverride, AllocationRejected, BusinessEvent, CourseAccessGranted, CourseChanged,
        NotificationRequested, PaymentRefunded, SessionCancelled, SessionCompleted,
        SessionRescheduled, SessionReviewed, SessionSubstituted, SessionsGenerated, StudentChanged,
        StudentDeallocated, TrainerAllocated, TrainerChanged,
    },
};
use tutoring_identity::LiveSealer;
use tutoring_testkit::{Events, Peer, access_tokens};

pub(crate) async fn start_peer(broker: &str, events: &Events) -> Peer {
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<CourseAccessGranted>>()
        .with_unroutable::<BusinessEvent<CourseChanged>>()
        .with_unroutable::<BusinessEvent<PaymentRefunded>>()
        .with_unroutable::<BusinessEvent<StudentChanged>>()
        .with_unroutable::<BusinessEvent<TrainerChanged>>();
    let subscription = Subscription::new("peer");
    let subscription = events.record::<BusinessEvent<TrainerAllocated>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionsGenerated>>(subscription);
    let subscription = events.record::<BusinessEvent<StudentDeallocated>>(subscription);
    let subscription = events.record::<BusinessEvent<AllocationRejected>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionCompleted>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionCancelled>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionRescheduled>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionSubstituted>>(subscription);
    let subscription = events.record::<BusinessEvent<SessionReviewed>>(subscription);
    let subscription = events.record::<BusinessEvent<NotificationRequested>>(subscription);
    let subscription = events.record::<BusinessEvent<AdminOverride>>(subscription);
    let subscription = record_live(subscription, events);
    Peer::start(broker, topics, Some(subscription)).await
}

/// Records live events with their decrypted payloads.
fn record_live(subscription: Subscription, events: &Events) -> Subscription {
    let events = events.clone();
    let sealer = LiveSealer::new(&access_tokens()).unwrap();
    subscription.on::<LiveEvent, _, _>(move |received: Received<LiveEvent>| {
        let (events, sealer) = (events.clone(), sealer.clone());
        async move {
            let live = received.event();
            let data = sealer.open(live).await.unwrap();
            let event = json!({
                "type": live.event, "room": live.room, "data": data,
                "isSealed": live.sealed.is_some(),
            });
            events.push(event);
            Ok(())
        }
    })
}
