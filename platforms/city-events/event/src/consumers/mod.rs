//! What the service hears: how many take part, and whose tokens count no more.

use city_events_contract::{
    TokenVersions,
    messages::{
        JoinBanned, JoinCanceled, JoinCounted, JoinCreated, JoinKicked, JoinPromoted, SeatCounts,
        UserChanged,
    },
    subscription_with_retries,
};
use seaworthy::{
    messaging::{Envelope, Event, Failure, Received, Subscription},
    outbox::Inbox,
};
use uuid::Uuid;

use crate::store::counts;

/// The group of the service. Not the queue of the earlier service, whose arguments are others.
pub(crate) const GROUP: &str = "city-events.event";
/// The status of those who take part.
const ACTIVE: &str = "active";

/// What a message says of a count.
#[derive(Debug, Clone, Copy)]
struct Count {
    event: Uuid,
    /// The whole, where it is told.
    seats: Option<SeatCounts>,
    /// What changed.
    by: i32,
}

/// A message that changes a count.
trait Counted: Event + Clone + Sync {
    fn count(&self) -> Count;
}

fn active(status: &str, by: i32) -> i32 {
    if status == ACTIVE { by } else { 0 }
}

macro_rules! counted {
    ($($kind:ty: |$message:ident| $seats:expr, $by:expr;)+) => {$(
        impl Counted for $kind {
            fn count(&self) -> Count {
                let $message = self;
                Count { event: self.event_id, seats: $seats, by: $by }
            }
        }
    )+};
}

counted! {
    JoinCreated: |message| message.seats, active(&message.status, 1);
    JoinPromoted: |message| message.seats, 1;
    JoinCanceled: |message| message.seats, active(&message.prev_status, -1);
    JoinKicked: |message| message.seats, active(&message.prev_status, -1);
    JoinBanned: |message| message.seats, active(&message.prev_status, -1);
    JoinCounted: |message| Some(message.seats), 0;
}

/// Hears of joins.
pub(crate) fn subscription(inbox: &Inbox, versions: &TokenVersions) -> Subscription {
    let subscription = on_user_changed(subscription_with_retries(GROUP), inbox, versions);
    let subscription = on::<JoinCreated>(subscription, inbox);
    let subscription = on::<JoinPromoted>(subscription, inbox);
    let subscription = on::<JoinCanceled>(subscription, inbox);
    let subscription = on::<JoinKicked>(subscription, inbox);
    let subscription = on::<JoinBanned>(subscription, inbox);
    on::<JoinCounted>(subscription, inbox)
}

fn on<M: Counted + serde::de::DeserializeOwned>(
    subscription: Subscription,
    inbox: &Inbox,
) -> Subscription {
    let inbox = inbox.clone();
    subscription.on::<M, _, _, _>(move |received: Received<M>| {
        let inbox = inbox.clone();
        async move {
            let count = received.event().count();
            hear(&inbox, received.envelope(), count).await
        }
    })
}

async fn hear(inbox: &Inbox, envelope: &Envelope, count: Count) -> Result<(), Failure> {
    let once = inbox.process_once(envelope, |tx| async move {
        let counted = match count.seats {
            Some(seats) => counts::take(&tx, count.event, seats).await,
            None if count.by == 0 => Ok(()),
            None => counts::change(&tx, count.event, count.by).await,
        };
        counted.map_err(Failure::retry)
    });
    once.await.map(drop)
}

/// Hears which tokens count no more.
fn on_user_changed(
    subscription: Subscription,
    inbox: &Inbox,
    versions: &TokenVersions,
) -> Subscription {
    let (inbox, versions) = (inbox.clone(), versions.clone());
    subscription.on::<UserChanged, _, _, _>(move |received: Received<UserChanged>| {
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
