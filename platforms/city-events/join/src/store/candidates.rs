use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use seaworthy::data::{Connection as _, DataError, Engine, FromRow, Row, Transaction, sql};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::status;
use crate::domain::{Ban, Candidate, Command, IdempotencyKey, StoredJoin, UsedKey};

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
         FROM (SELECT 1 AS one) AS requested
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

/// Each subquery reads one row by an index, whatever number of rows the planner expects.
const FIND_ALL: &str = "
    SELECT k.user_id AS key_user, k.event_id AS key_event, k.action AS key_action, k.answer AS key_answer, k.answered_at AS key_answered_at, k.expires_at AS key_expires_at,
        b.created_at AS ban_created_at, b.expires_at AS ban_expires_at, j.id AS join_id, j.status AS join_status, j.updated_at AS join_updated_at
    FROM jsonb_to_recordset(?) AS requested (number bigint, key_hash text, event_id uuid, user_id uuid)
    LEFT JOIN LATERAL (SELECT * FROM idempotency_keys WHERE idempotency_keys.key_hash = decode(requested.key_hash, 'base64') LIMIT 1) AS k ON TRUE
    LEFT JOIN LATERAL (SELECT * FROM event_bans WHERE event_bans.event_id = requested.event_id AND event_bans.user_id = requested.user_id LIMIT 1) AS b ON TRUE
    LEFT JOIN LATERAL (SELECT * FROM joins WHERE joins.event_id = requested.event_id AND joins.user_id = requested.user_id LIMIT 1) AS j ON TRUE
    ORDER BY requested.number";

/// Reads what [`find`] reads, for several commands in their order.
pub(crate) async fn find_all(
    tx: &Transaction,
    commands: impl Iterator<Item = &Command>,
) -> Result<Vec<Candidate>, DataError> {
    if tx.engine() != Engine::Postgres {
        let mut candidates = Vec::new();
        for command in commands {
            let (event, user) = (command.event, command.actor.id);
            candidates.push(find(tx, &command.key, event, user).await?);
        }
        return Ok(candidates);
    }
    let requested = commands.enumerate().map(|(number, command)| {
        json!({
            "number": number,
            "key_hash": BASE64_STANDARD.encode(command.key.hash()),
            "event_id": command.event,
            "user_id": command.actor.id,
        })
    });
    sql(FIND_ALL)
        .bind(Value::from_iter(requested))
        .fetch_all(tx)
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
                decided_at: row.get("key_answered_at")?,
                expires_at: row.get("key_expires_at")?,
            }),
        };
        let join = match row.get::<Option<Uuid>>("join_id")? {
            None => None,
            Some(id) => Some(StoredJoin {
                id,
                status: status(&row.get::<String>("join_status")?)?,
                updated_at: row.get("join_updated_at")?,
            }),
        };
        let ban = row
            .get::<Option<DateTime<Utc>>>("ban_created_at")?
            .map(|_| row.get("ban_expires_at"));
        let ban = ban.transpose()?.map(|expires_at| Ban { expires_at });
        Ok(Self { key, join, ban })
    }
}
