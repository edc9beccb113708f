//! The keys of requests, and what was answered.

use std::time::Duration;

use chrono::TimeDelta;
use city_events_contract::Moment;
use seaworthy::data::{Connection as _, DataError, Engine, Transaction, sql};

use super::{Store, wishes::Wish};
use crate::domain::{Answer, JoinError};

/// Rows that one step removes, so that no lock is held for long.
const PURGED_AT_ONCE: u32 = 1_000;

/// Remembers what was answered. A key whose time is over is taken anew.
///
/// # Errors
/// The key was taken for another event at this very moment.
pub(super) async fn remember(
    tx: &Transaction,
    wish: &Wish,
    answer: &Answer,
    now: Moment,
    keep: Duration,
) -> Result<(), JoinError> {
    let keep = TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX);
    let until = now.get().checked_add_signed(keep).unwrap_or(now.get());
    if tx.engine() == Engine::MySql {
        sql("DELETE FROM idempotency_keys WHERE key_hash = ? AND expires_at <= ?")
            .bind(wish.key.hash())
            .bind(now.get())
            .execute(tx)
            .await?;
    }
    let insert = sql("INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, event_id = excluded.event_id, action = excluded.action, answer = excluded.answer,
            answered_at = excluded.answered_at, expires_at = excluded.expires_at
         WHERE idempotency_keys.expires_at <= ?")
        .on_mysql("INSERT IGNORE INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(wish.key.hash())
        .bind(wish.actor.id)
        .bind(wish.event)
        .bind(wish.action.as_str())
        .bind(answer.as_str())
        .bind(answer.at.get())
        .bind(until);
    // The moment of the answer may lie far back: that of a cancel is when the join ended.
    let insert = match tx.engine() {
        Engine::MySql => insert,
        Engine::Postgres | Engine::Sqlite => insert.bind(now.get()),
    };
    let done = insert.execute(tx).await?;
    if done.rows_affected() == 0 {
        return Err(JoinError::KeyMismatch);
    }
    Ok(())
}

impl Store {
    /// Forgets keys whose time is over; `true` says that there may be more.
    pub(crate) async fn purge_keys(&self) -> Result<bool, DataError> {
        let done = sql("DELETE FROM idempotency_keys WHERE key_hash IN (SELECT key_hash FROM idempotency_keys WHERE expires_at <= ? LIMIT ?)")
            .on_mysql("DELETE FROM idempotency_keys WHERE expires_at <= ? LIMIT ?")
            .bind(Moment::now().get())
            .bind(PURGED_AT_ONCE)
            .execute(&self.database)
            .await?;
        Ok(done.rows_affected() >= PURGED_AT_ONCE.into())
    }
}
