use city_events_contract::Moment;
use seaworthy::data::{Connection as _, DataError, Database, Engine, Transaction, sql};

use crate::domain::{Command, Outcome};

/// Records the outcome of a command with its key. Replaces an expired entry. Returns `false` if
/// another transaction has just inserted an entry that has not expired.
pub(crate) async fn insert(
    tx: &Transaction,
    command: &Command,
    outcome: &Outcome,
    now: Moment,
    expires_at: Moment,
) -> Result<bool, DataError> {
    if tx.engine() == Engine::MySql {
        sql("DELETE FROM idempotency_keys WHERE key_hash = ? AND expires_at <= ?")
            .bind(command.key.hash())
            .bind(now.get())
            .execute(tx)
            .await?;
    }
    let insert = sql("INSERT INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, event_id = excluded.event_id, action = excluded.action, answer = excluded.answer,
            answered_at = excluded.answered_at, expires_at = excluded.expires_at
         WHERE idempotency_keys.expires_at <= ?")
        .on_mysql("INSERT IGNORE INTO idempotency_keys (key_hash, user_id, event_id, action, answer, answered_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(command.key.hash())
        .bind(command.actor.id)
        .bind(command.event)
        .bind(command.action.as_str())
        .bind(outcome.as_str())
        .bind(outcome.at.get())
        .bind(expires_at.get());
    // The condition uses `now`, because the time of the outcome can be much earlier. For a repeated
    // cancel it is the time at which the join ended.
    let insert = match tx.engine() {
        Engine::MySql => insert,
        Engine::Postgres | Engine::Sqlite => insert.bind(now.get()),
    };
    let done = insert.execute(tx).await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes expired keys. Returns `true` if more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    sql("DELETE FROM idempotency_keys WHERE key_hash IN (SELECT key_hash FROM idempotency_keys WHERE expires_at <= ? LIMIT ?)")
        .on_mysql("DELETE FROM idempotency_keys WHERE expires_at <= ? LIMIT ?")
        .bind(Moment::now().get())
        .delete_page(database)
        .await
}
