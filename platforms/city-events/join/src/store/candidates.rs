use chrono::{DateTime, Utc};
use seaworthy::data::{DataError, FromRow, Row, Transaction, sql};
use uuid::Uuid;

use super::rows::{moment, optional_moment, status};
use crate::domain::{Ban, Candidate, CurrentJoin, IdempotencyKey, UsedKey};

/// Reads a key, and the ban and the join of a user at an event, in one statement. The caller holds
/// the lock of the seats, so that the statement sees all earlier changes.
pub(crate) async fn find(
    tx: &Transaction,
    key: &IdempotencyKey,
    event: Uuid,
    user: Uuid,
) -> Result<Candidate, DataError> {
    sql("SELECT k.user_id AS key_user, k.event_id AS key_event, k.action AS key_action, k.answer AS key_answer, k.answered_at AS key_answered_at, k.expires_at AS key_expires_at,
                b.created_at AS ban_created_at, b.expires_at AS ban_expires_at, j.id AS join_id, j.status AS join_status, j.updated_at AS join_updated_at
         FROM (SELECT 1 AS one) AS person
         LEFT JOIN idempotency_keys k ON k.key_hash = ?
         LEFT JOIN event_bans b ON b.event_id = ? AND b.user_id = ?
         LEFT JOIN joins j ON j.event_id = ? AND j.user_id = ?")
    .bind(key.hash())
    .bind(event)
    .bind(user)
    .bind(event)
    .bind(user)
    .fetch_one(tx)
    .await
}

impl FromRow for Candidate {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let key = match row.get::<Option<Uuid>>("key_user")? {
            None => None,
            Some(user) => Some(UsedKey {
                user,
                event: row.get("key_event")?,
                action: row.get("key_action")?,
                decision: row.get("key_answer")?,
                decided_at: moment(row, "key_answered_at")?,
                expires_at: moment(row, "key_expires_at")?,
            }),
        };
        let join = match row.get::<Option<Uuid>>("join_id")? {
            None => None,
            Some(id) => Some(CurrentJoin {
                id,
                status: status(&row.get::<String>("join_status")?)?,
                updated_at: moment(row, "join_updated_at")?,
            }),
        };
        let ban = row
            .get::<Option<DateTime<Utc>>>("ban_created_at")?
            .map(|_| optional_moment(row, "ban_expires_at"));
        let ban = ban.transpose()?.map(|expires_at| Ban { expires_at });
        Ok(Self { key, join, ban })
    }
}
