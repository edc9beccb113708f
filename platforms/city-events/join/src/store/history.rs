use city_events_contract::Timestamp;
use seaworthy::data::{DataError, Transaction, sql};
use uuid::Uuid;

use crate::domain::{JoinStatus, StatusChange};

/// Records a status change at an event with the revision of the seats after it.
pub(crate) async fn insert(
    tx: &Transaction,
    event: Uuid,
    change: StatusChange<'_>,
    revision: i64,
) -> Result<(), DataError> {
    sql("INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, actor_id, happened_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(event)
        .bind(change.user)
        .bind(change.from.map(JoinStatus::as_str))
        .bind(change.to.as_str())
        .bind(change.reason.map(str::to_owned))
        .bind(change.actor.map(|actor| actor.to_string()))
        .bind(change.at.get())
        .bind(revision)
        .execute(tx)
        .await
        .map(drop)
}

/// Records that these joins expire. The caller changes their status afterwards.
pub(crate) async fn insert_expired(
    tx: &Transaction,
    joins: impl Iterator<Item = Uuid>,
    reason: &str,
    now: Timestamp,
    revision: i64,
) -> Result<(), DataError> {
    sql("INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, happened_at, revision)
         SELECT event_id, user_id, status, 'expired', ?, ?, ? FROM joins WHERE id IN (?*)")
        .bind(reason)
        .bind(now.get())
        .bind(revision)
        .bind_list(joins)
        .execute(tx)
        .await
        .map(drop)
}
