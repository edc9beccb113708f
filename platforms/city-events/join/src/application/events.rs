//! Changes of events, in the transaction of the inbox entry of their message.

use city_events_contract::{Timestamp, messages::Announcement};
use seaworthy::data::Transaction;

use super::{JoinError, Joins, messages::current_trace_id};
use crate::{
    domain::{EventState, Rejection, Seats},
    store::{cancellations, seats},
};

/// The reason of expired joins if the cancellation has none.
const EVENT_CANCELED: &str = "event_canceled";
/// The capacity of a canceled event.
const CANCELED_CAPACITY: i32 = -1;

/// The content of a message about an event, and the time of the change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventChange<'a> {
    pub(crate) event: &'a Announcement,
    pub(crate) at: Timestamp,
}

impl EventChange<'_> {
    /// Returns the seats of an event without an earlier message.
    fn new_seats(&self) -> Seats {
        Seats {
            event: self.event.event_id,
            capacity: self.event.capacity,
            active: 0,
            waitlisted: 0,
            state: EventState::Open,
            owner: None,
            ends_at: None,
            announced_at: self.at,
            joined_at: None,
            revision: 0,
            updated_at: Timestamp::now(),
        }
    }
}

impl Joins {
    /// Applies a publication or an update. A higher capacity promotes waitlisted users. A lower one
    /// removes no user.
    pub(crate) async fn open_event(
        &self,
        tx: &Transaction,
        change: EventChange<'_>,
    ) -> Result<(), JoinError> {
        if change.event.capacity < 0 {
            return Err(Rejection::Invalid("capacity is negative").into());
        }
        let Some(mut seats) = self.lock_for_change(tx, change).await? else {
            return Ok(());
        };
        let event = change.event;
        seats.capacity = event.capacity;
        seats.state = EventState::Open;
        // Messages of the legacy service have no owner and no end.
        seats.owner = event.owner_id.clone().or(seats.owner);
        seats.ends_at = event.end_time.map(Timestamp::from).or(seats.ends_at);
        let now = Timestamp::now();
        self.promote_waitlisted(tx, &mut seats, now).await?;
        seats::update(tx, &seats, now).await?;
        Ok(())
    }

    /// Closes an event until it is published again. Existing joins stay.
    pub(crate) async fn unpublish_event(
        &self,
        tx: &Transaction,
        change: EventChange<'_>,
    ) -> Result<(), JoinError> {
        if let Some(mut seats) = self.lock_for_change(tx, change).await? {
            seats.state = EventState::Unpublished;
            seats.owner = change.event.owner_id.clone().or(seats.owner);
            seats::update(tx, &seats, Timestamp::now()).await?;
        }
        Ok(())
    }

    /// Closes a canceled event. [`expire_canceled`](Self::expire_canceled) expires its joins later.
    pub(crate) async fn cancel_event(
        &self,
        tx: &Transaction,
        change: EventChange<'_>,
    ) -> Result<(), JoinError> {
        let Some(mut seats) = self.lock_for_change(tx, change).await? else {
            return Ok(());
        };
        let reason = change.event.reason.as_deref();
        let reason = reason.filter(|text| !text.is_empty());
        seats.state = EventState::Canceled;
        seats.capacity = CANCELED_CAPACITY;
        seats.owner = change.event.owner_id.clone().or(seats.owner);
        seats.revision += 1;
        cancellations::insert(
            tx,
            seats.event,
            reason.unwrap_or(EVENT_CANCELED),
            &current_trace_id().unwrap_or_default(),
            change.at,
        )
        .await?;
        self.store_counts(tx, &seats).await?;
        seats::update(tx, &seats, Timestamp::now()).await?;
        Ok(())
    }

    /// Locks the seats of the event and creates them if necessary. Returns `None` if the change is
    /// older than the applied ones, or if the event is canceled.
    async fn lock_for_change(
        &self,
        tx: &Transaction,
        change: EventChange<'_>,
    ) -> Result<Option<Seats>, JoinError> {
        let event = change.event.event_id;
        let mut seats = seats::lock(tx, event).await?;
        if seats.is_none() {
            seats::insert_if_absent(tx, &change.new_seats()).await?;
            seats = seats::lock(tx, event).await?;
        }
        let seats = seats.ok_or(Rejection::EventNotFound)?;
        if seats.state == EventState::Canceled || change.at < seats.announced_at {
            tracing::info!(%event, "outdated event message ignored");
            return Ok(None);
        }
        Ok(Some(Seats {
            announced_at: change.at,
            ..seats
        }))
    }
}
