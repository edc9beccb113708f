//! The rows of the commands of a transaction, written together.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use city_events_contract::Timestamp;
use seaworthy::data::{Connection as _, DataError, Engine, Transaction, sql};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{audit_queue, history, idempotency_keys, joins, seats};
use crate::domain::{Command, JoinStatus, Outcome, Seats, StatusChange};

/// The rows of one command.
#[derive(Debug)]
pub(crate) struct JoinRows<'a> {
    pub(crate) command: &'a Command,
    pub(crate) outcome: Outcome,
    pub(crate) key_expires_at: Timestamp,
    /// The change of the join, absent if the command did not change it.
    pub(crate) change: Option<JoinChange>,
}

/// A change of the join of the user.
#[derive(Debug)]
pub(crate) struct JoinChange {
    /// The ID of a new join. The update of an existing join has its own statement.
    pub(crate) inserted: Option<Uuid>,
    pub(crate) from: Option<JoinStatus>,
    pub(crate) to: JoinStatus,
    pub(crate) reason: Option<&'static str>,
    /// The revision of the seats after the change.
    pub(crate) revision: i64,
    pub(crate) request_id: Option<String>,
}

/// One statement for all tables, whose text does not depend on the number of rows. A round trip
/// costs more than the rows of a join.
const INSERT: &str = "
    WITH rows AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(?) AS row (key_hash text, user_id uuid, event_id uuid, action text, answer text, answered_at timestamptz,
            expires_at timestamptz, join_id uuid, from_status text, to_status text, reason text, revision bigint, request_id text)
    ), inserted AS (
        INSERT INTO joins (id, event_id, user_id, status, created_at, updated_at, activated_at)
        SELECT join_id, event_id, user_id, to_status, answered_at, answered_at, CASE WHEN to_status = 'active' THEN answered_at END
        FROM rows WHERE join_id IS NOT NULL
    ), recorded AS (
        INSERT INTO join_history (event_id, user_id, from_status, to_status, reason, actor_id, happened_at, revision)
        SELECT event_id, user_id, from_status, to_status, reason, CAST(user_id AS text), answered_at, revision FROM rows WHERE to_status IS NOT NULL
    ), queued AS (
        INSERT INTO join_audit_queue (event_id, user_id, to_status, from_status, actor_id, request_id, happened_at)
        SELECT event_id, user_id, to_status, from_status, CAST(user_id AS text), request_id, answered_at FROM rows WHERE to_status IS NOT NULL
    ), counted AS (
        UPDATE event_capacity SET active_count = seats.active, waitlist_count = seats.waitlisted, joined_at = seats.joined_at,
            revision = seats.revision, updated_at = seats.updated_at
        FROM jsonb_to_recordset(?) AS seats (event_id uuid, active bigint, waitlisted bigint, joined_at timestamptz, revision bigint, updated_at timestamptz)
        WHERE event_capacity.event_id = seats.event_id
    )
    INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at)
    SELECT decode(key_hash, 'base64'), user_id, event_id, action, answer, answered_at, expires_at FROM rows
    ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, event_id = excluded.event_id, action = excluded.action, answer = excluded.answer,
        answered_at = excluded.answered_at, expires_at = excluded.expires_at
    WHERE idempotency_keys.expires_at <= ?";

/// Writes the rows of commands and the changed counts of seats. Replaces expired idempotency keys.
/// Returns `false` if a key has an entry that has not expired: another transaction has just
/// inserted it.
pub(crate) async fn insert(
    tx: &Transaction,
    rows: &[JoinRows<'_>],
    changed: &[&Seats],
    now: Timestamp,
) -> Result<bool, DataError> {
    if tx.engine() == Engine::Postgres {
        let done = sql(INSERT)
            .bind(Value::from_iter(rows.iter().map(row)))
            .bind(Value::from_iter(
                changed.iter().map(|seats| counts(seats, now)),
            ))
            .bind(now.get())
            .execute(tx)
            .await?;
        return Ok(done.rows_affected() == rows.len() as u64);
    }
    for row in rows {
        if !insert_one(tx, row, now).await? {
            return Ok(false);
        }
    }
    seats::update_all(tx, changed, now).await?;
    Ok(true)
}

fn row(rows: &JoinRows<'_>) -> Value {
    let (command, outcome) = (rows.command, &rows.outcome);
    let change = rows.change.as_ref();
    json!({
        "key_hash": BASE64_STANDARD.encode(command.key.hash()),
        "user_id": command.actor.id,
        "event_id": command.event,
        "action": command.action.as_str(),
        "answer": outcome.as_str(),
        "answered_at": outcome.at,
        "expires_at": rows.key_expires_at,
        "join_id": change.and_then(|change| change.inserted),
        "from_status": change.and_then(|change| change.from).map(JoinStatus::as_str),
        "to_status": change.map(|change| change.to.as_str()),
        "reason": change.and_then(|change| change.reason),
        "revision": change.map(|change| change.revision),
        "request_id": change.and_then(|change| change.request_id.as_deref()),
    })
}

fn counts(seats: &Seats, now: Timestamp) -> Value {
    json!({
        "event_id": seats.event,
        "active": seats.active,
        "waitlisted": seats.waitlisted,
        "joined_at": seats.joined_at,
        "revision": seats.revision,
        "updated_at": now,
    })
}

async fn insert_one(
    tx: &Transaction,
    rows: &JoinRows<'_>,
    now: Timestamp,
) -> Result<bool, DataError> {
    let (command, at) = (rows.command, rows.outcome.at);
    if !idempotency_keys::insert(tx, command, &rows.outcome, now, rows.key_expires_at).await? {
        return Ok(false);
    }
    let Some(change) = &rows.change else {
        return Ok(true);
    };
    let (event, user) = (command.event, command.actor.id);
    if let Some(id) = change.inserted {
        joins::insert(tx, id, (event, user), change.to, at).await?;
    }
    let status = StatusChange {
        user,
        from: change.from,
        to: change.to,
        reason: change.reason,
        actor: Some(user),
        at,
    };
    history::insert(tx, event, status, change.revision).await?;
    let request_id = change.request_id.as_deref();
    audit_queue::insert(tx, event, std::iter::once(status), request_id).await?;
    Ok(true)
}
