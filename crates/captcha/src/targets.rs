//! The table of messages per address. Each message takes one of a fixed number of rows, so that
//! concurrent requests cannot exceed the limit.

use seaworthy_core::Timeout;
use seaworthy_data::{Connection, DataError, Database, microseconds, sql};

/// Takes a row for a message to an address. `None` if the limit does not allow the message.
pub(crate) async fn take(
    connection: &dyn Connection,
    target: &[u8],
    max: u32,
    window: Timeout,
) -> Result<Option<u32>, DataError> {
    for slot in 0..max {
        sql("DELETE FROM captcha_targets WHERE target = ? AND slot = ? AND until_us <= {now_us}")
            .bind(target.to_vec())
            .bind(slot)
            .execute(connection)
            .await?;
        let taken = sql("INSERT INTO captcha_targets (target, slot, until_us) VALUES (?, ?, {now_us} + ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO captcha_targets (target, slot, until_us) VALUES (?, ?, {now_us} + ?)")
            .bind(target.to_vec())
            .bind(slot)
            .bind(microseconds(window.get()))
            .execute(connection)
            .await?;
        if taken.rows_affected() > 0 {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Returns the row of a message that was not sent.
pub(crate) async fn release(
    connection: &dyn Connection,
    target: &[u8],
    slot: u32,
) -> Result<(), DataError> {
    sql("DELETE FROM captcha_targets WHERE target = ? AND slot = ?")
        .bind(target.to_vec())
        .bind(slot)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a page of expired rows. Returns whether more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    let page = sql("DELETE FROM captcha_targets WHERE (target, slot) IN (SELECT target, slot FROM captcha_targets WHERE until_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM captcha_targets WHERE until_us <= {now_us} LIMIT ?");
    page.delete_page(database).await
}
