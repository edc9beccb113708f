//! Expiry of the joins of canceled events, with any number of participants.
//!
//! The consumer of a cancellation closes the event in one short transaction, so joining is rejected
//! from then on. A worker then expires the joins by pages. Each page is one transaction with its
//! history and its messages. The next page depends only on the status of the joins, so any replica
//! can continue after a worker that stops.

use city_events_contract::{Timestamp, messages::EmailEventCanceled};
use seaworthy::{core::error_chain, data::Transaction, messaging::Message, service::Stop};
use uuid::Uuid;

use super::{JoinError, Joins, change_records};
use crate::{
    domain::{EventState, Join, JoinStatus, Seats, StatusChange},
    store::{
        cancellations::{self, Cancellation},
        history, joins, seats,
    },
};

/// Number of joins that expire per transaction, in about ten statements, which take far less than
/// the transaction timeout of 10 s on a slow machine. 15,000 joins need 75 commits.
pub(super) const PAGE_SIZE: u32 = 200;
/// Maximum number of canceled events that one statement lists.
const EVENTS_PER_LIST: u32 = 100;
/// The source service in messages.
const PRODUCER: &str = "join-service";

/// Reads the next joins to expire: those with a seat first, each in the order of joining.
async fn next_page(tx: &Transaction, event: Uuid) -> Result<Vec<Join>, JoinError> {
    for status in [JoinStatus::Active, JoinStatus::Waitlisted] {
        let page = joins::list_oldest(tx, event, status, PAGE_SIZE).await?;
        if !page.is_empty() {
            return Ok(page);
        }
    }
    Ok(Vec::new())
}

impl Joins {
    /// Expires the joins of all canceled events. The next run retries an event that failed. A
    /// failure does not stop the other events.
    ///
    /// # Errors
    /// The first failure, after all other events were processed.
    pub(crate) async fn expire_canceled(&self, stop: &Stop) -> Result<(), JoinError> {
        let mut failure = None;
        let mut last = Uuid::nil();
        while !stop.is_requested() {
            let events = cancellations::list_after(&self.database, last, EVENTS_PER_LIST).await?;
            let Some(end) = events.last().copied() else {
                break;
            };
            last = end;
            for event in events {
                if stop.is_requested() {
                    break;
                }
                if let Err(error) = self.expire_event(event, stop).await {
                    tracing::warn!(
                        %event,
                        error = error_chain(&error),
                        "joins of a canceled event could not be expired: the next run retries"
                    );
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn expire_event(&self, event: Uuid, stop: &Stop) -> Result<(), JoinError> {
        while !stop.is_requested() && self.expire_page(event).await? {}
        Ok(())
    }

    /// Expires the next joins of a canceled event and stores a message for each, in one
    /// transaction. Returns `false` if no join was left.
    pub(super) async fn expire_page(&self, event: Uuid) -> Result<bool, JoinError> {
        self.database
            .transaction(|tx| async move {
                // Lock first, so that two replicas never read the same page.
                let Some(mut seats) = seats::lock(&tx, event).await? else {
                    cancellations::delete(&tx, event).await?;
                    return Ok(false);
                };
                let Some(cancellation) = cancellations::find(&tx, event).await? else {
                    return Ok(false);
                };
                let page = next_page(&tx, event).await?;
                if page.is_empty() {
                    seats.active = 0;
                    seats.waitlisted = 0;
                    seats::update(&tx, &seats, Timestamp::now()).await?;
                    cancellations::delete(&tx, event).await?;
                    return Ok(false);
                }
                self.expire(&tx, &mut seats, &cancellation, &page).await?;
                Ok(true)
            })
            .await
    }

    async fn expire(
        &self,
        tx: &Transaction,
        seats: &mut Seats,
        cancellation: &Cancellation,
        page: &[Join],
    ) -> Result<(), JoinError> {
        let now = Timestamp::now();
        let reason = cancellation.reason.as_str();
        let ids = || page.iter().map(|join| join.id);
        history::insert_expired(tx, ids(), reason, now, seats.revision).await?;
        joins::expire(tx, ids(), reason, now).await?;
        let expired = page.iter().map(|join| StatusChange {
            user: join.user,
            from: Some(join.status),
            to: JoinStatus::Expired,
            reason: Some(reason),
            actor: None,
            at: now,
        });
        change_records::queue_for_audit(tx, seats.event, expired).await?;
        let (event, count, why) = (seats.event, page.len(), reason.to_owned());
        tx.on_commit(move || tracing::info!(%event, count, reason = why, "joins expired"));
        let key = seats.event.to_string();
        let messages = page.iter().map(|join| {
            let mail = EmailEventCanceled {
                event_id: join.event,
                user_id: join.user,
                prev_status: join.status.as_str().to_owned(),
                reason: reason.to_owned(),
                occurred_at: cancellation.at,
                trace_id: cancellation.trace.clone(),
                producer: PRODUCER.to_owned(),
                event_action: EventState::Canceled.as_str().to_owned(),
            };
            let message = Message::from_event(&mail).key(&key);
            match cancellation.trace.as_str() {
                "" => message,
                trace => message.correlation_id(trace),
            }
        });
        self.outbox.store_all(tx, messages).await?;
        for join in page {
            seats.apply_expiry(join.status);
        }
        seats::update(tx, seats, now).await?;
        Ok(())
    }
}
