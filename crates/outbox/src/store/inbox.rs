use std::time::Duration;

use seaworthy_data::{Connection, DataError, Transaction, sql};

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

/// Forgets some of what is older than `keep`; `true` says that there may be more.
pub(crate) async fn purge(connection: &dyn Connection, keep: Duration) -> Result<bool, DataError> {
    let done = sql("DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)")
        .on_mysql("DELETE FROM inbox WHERE received_us < {now_us} - ? LIMIT ?")
        .on_sqlite("DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE received_us < {now_us} - ? LIMIT ?)")
        .bind(microseconds(keep))
        .bind(PURGED_AT_ONCE)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() >= PURGED_AT_ONCE.unsigned_abs())
}
