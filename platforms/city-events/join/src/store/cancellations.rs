//! Cancellation of events with any number of participants.
//!
//! The consumer of a cancellation closes the event in one short transaction, so joining is refused
//! from then on. A worker then expires the joins by pages. Each page is one transaction with its
//! history and its messages. The next page depends only on the status of the joins, so any replica
//! can continue after a worker that stops.

use std::error::Error as _;

use chrono::{DateTime, Utc};
use city_events_contract::{Moment, messages::EmailEventCanceled};
use seaworthy::{
    data::{Connection, DataError, Transaction, sql},
    messaging::Message,
    prelude::*,
    service::Stop,
};
use uuid::Uuid;

use super::{Store, places, rows::join_columns};
use crate::domain::{Join, JoinError, JoinStatus, Places, PlacesState};

/// Joins that expire in one transaction: some ten statements, far below the transaction timeout of
/// 10 s on a slow machine. 15,000 joins take 75 commits.
pub(super) const PAGE_SIZE: u32 = 200;
/// Canceled events that one statement lists.
const EVENTS_PER_LIST: u32 = 100;
/// The source service in messages.
const PRODUCER: &str = "join-service";

/// The reason and the time of a cancellation.
#[derive(Debug)]
struct Cancellation {
    reason: String,
    trace: String,
    at: DateTime<Utc>,
}

/// Records that the joins of a canceled event must expire.
pub(super) async fn record(
    tx: &Transaction,
    event: Uuid,
    reason: &str,
    at: Moment,
) -> Result<(), DataError> {
    let trace = context::with_current(|context| {
        context.map(|context| context.trace().trace_id().to_string())
    });
    sql("INSERT INTO event_cancellations (event_id, reason, trace_id, canceled_at) VALUES (?, ?, ?, ?)")
        .bind(event)
        .bind(reason)
        .bind(trace.unwrap_or_default())
        .bind(at.get())
        .execute(tx)
        .await
        .map(drop)
}

/// Lists canceled events with joins to expire, those after `event` in the order of their IDs.
async fn list_after(connection: &dyn Connection, event: Uuid) -> Result<Vec<Uuid>, DataError> {
    let events: Vec<(Uuid,)> = sql(
        "SELECT event_id FROM event_cancellations WHERE event_id > ? ORDER BY event_id LIMIT ?",
    )
    .bind(event)
    .bind(EVENTS_PER_LIST)
    .fetch_all(connection)
    .await?;
    Ok(events.into_iter().map(|(event,)| event).collect())
}

async fn find(tx: &Transaction, event: Uuid) -> Result<Option<Cancellation>, DataError> {
    let found: Option<(String, String, DateTime<Utc>)> =
        sql("SELECT reason, trace_id, canceled_at FROM event_cancellations WHERE event_id = ?")
            .bind(event)
            .fetch_optional(tx)
            .await?;
    Ok(found.map(|(reason, trace, at)| Cancellation { reason, trace, at }))
}

async fn delete(tx: &Transaction, event: Uuid) -> Result<(), DataError> {
    sql("DELETE FROM event_cancellations WHERE event_id = ?")
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}

/// Reads the next joins to expire: those with a place first, each in the order of joining.
async fn next_page(tx: &Transaction, event: Uuid) -> Result<Vec<Join>, DataError> {
    for status in [JoinStatus::Active, JoinStatus::Waitlisted] {
        let joins: Vec<Join> = sql(concat!(
            "SELECT ",
            join_columns!(),
            " FROM joins WHERE event_id = ? AND status = ? ORDER BY created_at, id LIMIT ?"
        ))
        .bind(event)
        .bind(status.as_str())
        .bind(PAGE_SIZE)
        .fetch_all(tx)
        .await?;
        if !joins.is_empty() {
            return Ok(joins);
        }
    }
    Ok(Vec::new())
}

impl Store {
    /// Expires the joins of all canceled events. The next run retries an event that failed. A
    /// failure does not stop the other events.
    ///
    /// # Errors
    /// The first failure, after all other events were processed.
    pub(crate) async fn expire_canceled(&self, stop: &Stop) -> Result<(), JoinError> {
        let mut failure = None;
        let mut last = Uuid::nil();
        while !stop.is_requested() {
            let events = list_after(&self.database, last).await?;
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
                        %error,
                        cause = error.source().map(ToString::to_string),
                        "the joins of a canceled event could not be expired"
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
                let Some(mut places) = places::lock(&tx, event).await? else {
                    delete(&tx, event).await?;
                    return Ok(false);
                };
                let Some(cancellation) = find(&tx, event).await? else {
                    return Ok(false);
                };
                let joins = next_page(&tx, event).await?;
                if joins.is_empty() {
                    places.active = 0;
                    places.waitlisted = 0;
                    places::write(&tx, &places, Moment::now()).await?;
                    delete(&tx, event).await?;
                    return Ok(false);
                }
                self.expire(&tx, &mut places, &cancellation, &joins).await?;
                Ok(true)
            })
            .await
    }

    async fn expire(
        &self,
        tx: &Transaction,
        places: &mut Places,
        cancellation: &Cancellation,
        joins: &[Join],
    ) -> Result<(), JoinError> {
        let now = Moment::now();
        let reason = cancellation.reason.as_str();
        sql("INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, happened_at, revision)
             SELECT event_id, user_id, status, 'expired', ?, ?, ? FROM joins WHERE id IN (?*)")
            .bind(reason)
            .bind(now.get())
            .bind(places.revision)
            .bind_list(joins.iter().map(|join| join.id))
            .execute(tx)
            .await?;
        sql("UPDATE joins SET status = 'expired', expired_at = ?, expired_reason = ?, updated_at = ? WHERE id IN (?*)")
            .bind(now.get())
            .bind(reason)
            .bind(now.get())
            .bind_list(joins.iter().map(|join| join.id))
            .execute(tx)
            .await?;
        let key = places.event.to_string();
        let messages = joins.iter().map(|join| {
            let mail = EmailEventCanceled {
                event_id: join.event,
                user_id: join.user,
                prev_status: join.status.as_str().to_owned(),
                reason: reason.to_owned(),
                occurred_at: cancellation.at,
                trace_id: cancellation.trace.clone(),
                producer: PRODUCER.to_owned(),
                event_action: PlacesState::Canceled.as_str().to_owned(),
            };
            Message::of(&mail).key(&key)
        });
        self.outbox.store_all(tx, messages).await?;
        for join in joins {
            places.expire(join.status);
        }
        places::write(tx, places, now).await?;
        Ok(())
    }
}
