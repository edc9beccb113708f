use chrono::{DateTime, Utc};
use city_events_contract::Timestamp;
use seaworthy::data::{Connection, DataError, Transaction, sql};
use uuid::Uuid;

/// The cancellation of an event whose joins have not all expired.
#[derive(Debug)]
pub(crate) struct Cancellation {
    pub(crate) reason: String,
    /// The trace ID of the message that canceled the event. May be empty.
    pub(crate) trace: String,
    pub(crate) at: DateTime<Utc>,
}

pub(crate) async fn insert(
    tx: &Transaction,
    event: Uuid,
    reason: &str,
    trace: &str,
    at: Timestamp,
) -> Result<(), DataError> {
    sql("INSERT INTO event_cancellations (event_id, reason, trace_id, canceled_at) VALUES (?, ?, ?, ?)")
        .bind(event)
        .bind(reason)
        .bind(trace)
        .bind(at.get())
        .execute(tx)
        .await
        .map(drop)
}

/// Lists canceled events with joins to expire, after `event` in the order of their IDs.
pub(crate) async fn list_after(
    connection: &dyn Connection,
    event: Uuid,
    max_events: u32,
) -> Result<Vec<Uuid>, DataError> {
    let events: Vec<(Uuid,)> = sql(
        "SELECT event_id FROM event_cancellations WHERE event_id > ? ORDER BY event_id LIMIT ?",
    )
    .bind(event)
    .bind(max_events)
    .fetch_all(connection)
    .await?;
    Ok(events.into_iter().map(|(event,)| event).collect())
}

pub(crate) async fn find(tx: &Transaction, event: Uuid) -> Result<Option<Cancellation>, DataError> {
    let found: Option<(String, String, DateTime<Utc>)> =
        sql("SELECT reason, trace_id, canceled_at FROM event_cancellations WHERE event_id = ?")
            .bind(event)
            .fetch_optional(tx)
            .await?;
    Ok(found.map(|(reason, trace, at)| Cancellation { reason, trace, at }))
}

pub(crate) async fn delete(tx: &Transaction, event: Uuid) -> Result<(), DataError> {
    sql("DELETE FROM event_cancellations WHERE event_id = ?")
        .bind(event)
        .execute(tx)
        .await
        .map(drop)
}
