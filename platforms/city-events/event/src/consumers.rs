//! Consumers of participant counts and token versions. The inbox processes each message once
//! (MSG-5).

use city_events_contract::{
    TokenVersions,
    groups::EVENT,
    messages::{
        JoinBanned, JoinCanceled, JoinCounted, JoinCreated, JoinKicked, JoinPromoted, SeatCounts,
        UserChanged,
    },
    subscription_with_retries,
};
use seaworthy::{
    messaging::{Envelope, Event, Failure, Received, Subscription, Topics},
    outbox::Inbox,
};
use uuid::Uuid;

use crate::store::counts;

/// Join status of participants.
const ACTIVE: &str = "active";

/// Change of a participant count.
#[derive(Debug, Clone, Copy)]
struct CountChange {
    event: Uuid,
    /// The whole count after the change. The legacy service does not send it.
    seats: Option<SeatCounts>,
    /// Difference of active participants, used if `seats` is absent.
    difference: i32,
}

/// A message that changes a participant count.
trait CountMessage: Event + Clone + Sync {
    fn count_change(&self) -> CountChange;
}

fn if_active(status: &str, difference: i32) -> i32 {
    if status == ACTIVE { difference } else { 0 }
}

macro_rules! count_messages {
    ($($kind:ty: |$message:ident| $seats:expr, $difference:expr;)+) => {$(
        impl CountMessage for $kind {
            fn count_change(&self) -> CountChange {
                let $message = self;
                CountChange { event: self.event_id, seats: $seats, difference: $difference }
            }
        }
    )+};
}

count_messages! {
    JoinCreated: |message| message.seats, if_active(&message.status, 1);
    JoinPromoted: |message| message.seats, 1;
    JoinCanceled: |message| message.seats, if_active(&message.prev_status, -1);
    JoinKicked: |message| message.seats, if_active(&message.prev_status, -1);
    JoinBanned: |message| message.seats, if_active(&message.prev_status, -1);
    JoinCounted: |message| Some(message.seats), 0;
}

/// Returns the consumed topics, which are also the topics of this service's dead letters.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<JoinCreated>()
        .with::<JoinPromoted>()
        .with::<JoinCanceled>()
        .with::<JoinKicked>()
        .with::<JoinBanned>()
        .with::<JoinCounted>()
        .with::<UserChanged>()
}

/// Returns the subscription to all consumed topics.
pub(crate) fn subscription(inbox: &Inbox, versions: &TokenVersions) -> Subscription {
    let subscription = on_user_changed(subscription_with_retries(EVENT), inbox, versions);
    let subscription = on::<JoinCreated>(subscription, inbox);
    let subscription = on::<JoinPromoted>(subscription, inbox);
    let subscription = on::<JoinCanceled>(subscription, inbox);
    let subscription = on::<JoinKicked>(subscription, inbox);
    let subscription = on::<JoinBanned>(subscription, inbox);
    on::<JoinCounted>(subscription, inbox)
}

fn on<M: CountMessage + serde::de::DeserializeOwned>(
    subscription: Subscription,
    inbox: &Inbox,
) -> Subscription {
    let inbox = inbox.clone();
    subscription.on::<M, _, _>(move |received: Received<M>| {
        let inbox = inbox.clone();
        async move {
            let change = received.event().count_change();
            apply(&inbox, received.envelope(), change).await
        }
    })
}

async fn apply(inbox: &Inbox, envelope: &Envelope, change: CountChange) -> Result<(), Failure> {
    let processed = inbox.process_once(envelope, |tx| async move {
        let applied = match change.seats {
            Some(seats) => counts::set(&tx, change.event, seats).await,
            None if change.difference == 0 => Ok(()),
            None => counts::adjust(&tx, change.event, change.difference).await,
        };
        applied.map_err(Failure::retry)
    });
    processed.await.map(drop)
}

/// Adds the consumer that records the minimum token version of a user.
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
                let recorded = versions.apply(&tx, changed).await;
                recorded.map_err(Failure::retry)
            });
            processed.await.map(drop)
        }
    })
}
