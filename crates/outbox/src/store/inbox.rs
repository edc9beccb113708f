use std::time::Duration;

use seaworthy_data::{Connection, DataError, Database, Transaction, sql};

use super::microseconds;

/// Rows that one step removes, so that no lock is held for long.
const PURGED_AT_ONCE: i64 = 5_000;

/// Writes down that a consumer has a message; `false` where it has had it already. A second one at the same time waits for the end of the first.
pub(crate) async fn remember(
    tx: &Transaction,
    consumer: &str,
    message: &str,
) -> Result<bool, DataError> {
    let done = sql("INSERT INTO inbox (consumer, message_id, received_us) VALUES (?, ?, {now_us}) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO inbox (consumer, message_id, received_us) VALUES (?, ?, {now_us})")
        .bind(consumer)
        .bind(message)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Counts an attempt that failed, on whatever replica; tells how many there were.
pub(crate) async fn count_attempt(
    database: &Database,
    consumer: &str,
    message: &str,
    problem: &str,
) -> Result<i32, DataError> {
    sql("INSERT INTO inbox_attempts (consumer, message_id, attempts, last_error, attempted_us) VALUES (?, ?, 1, ?, {now_us})
         ON CONFLICT (consumer, message_id) DO UPDATE SET attempts = inbox_attempts.attempts + 1, last_error = excluded.last_error, attempted_us = excluded.attempted_us")
        .on_mysql("INSERT INTO inbox_attempts (consumer, message_id, attempts, last_error, attempted_us) VALUES (?, ?, 1, ?, {now_us})
         ON DUPLICATE KEY UPDATE attempts = attempts + 1, last_error = VALUES(last_error), attempted_us = VALUES(attempted_us)")
        .bind(consumer)
        .bind(message)
        .bind(problem)
        .execute(database)
        .await?;
    let (attempts,) =
        sql("SELECT attempts FROM inbox_attempts WHERE consumer = ? AND message_id = ?")
            .bind(consumer)
            .bind(message)
            .fetch_one(database)
            .await?;
    Ok(attempts)
}

/// Forgets some of what is older than `keep`; `true` says that there may be more.
pub(crate) async fn purge(connection: &dyn Connection, keep: Duration) -> Result<bool, DataError> {
    let messages = sql("DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)")
        .on_mysql("DELETE FROM inbox WHERE received_us < {now_us} - ? LIMIT ?")
        .on_sqlite("DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)");
    let attempts = sql("DELETE FROM inbox_attempts WHERE ctid IN (SELECT ctid FROM inbox_attempts WHERE attempted_us < {now_us} - ? LIMIT ?)")
        .on_mysql("DELETE FROM inbox_attempts WHERE attempted_us < {now_us} - ? LIMIT ?")
        .on_sqlite("DELETE FROM inbox_attempts WHERE rowid IN (SELECT rowid FROM inbox_attempts WHERE attempted_us < {now_us} - ? LIMIT ?)");
    let mut is_more = false;
    for statement in [messages, attempts] {
        let done = statement
            .bind(microseconds(keep))
            .bind(PURGED_AT_ONCE)
            .execute(connection)
            .await?;
        is_more |= done.rows_affected() >= PURGED_AT_ONCE.unsigned_abs();
    }
    Ok(is_more)
}
