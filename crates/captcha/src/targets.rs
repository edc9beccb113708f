//! The table of messages per address. Each message takes one of a fixed number of rows, so that
//! concurrent requests cannot exceed the limit.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_data::{Connection, DataError, Database, microseconds, sql};

/// The row of a message.
pub(crate) struct TakenSlot {
    target: Vec<u8>,
    slot: u32,
    /// The time until which it counts, in microseconds since 1970.
    until_us: i64,
}

/// Takes a row for a message to an address. Returns the wait if the limit does not allow the
/// message.
pub(crate) async fn take(
    connection: &dyn Connection,
    target: &[u8],
    max: u32,
    window: Timeout,
) -> Result<Result<TakenSlot, Duration>, DataError> {
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
            let (until_us,) =
                sql("SELECT until_us FROM captcha_targets WHERE target = ? AND slot = ?")
                    .bind(target.to_vec())
                    .bind(slot)
                    .fetch_one(connection)
                    .await?;
            let target = target.to_vec();
            return Ok(Ok(TakenSlot {
                target,
                slot,
                until_us,
            }));
        }
    }
    let left: Option<(Option<i64>,)> =
        sql("SELECT MIN(until_us) - {now_us} FROM captcha_targets WHERE target = ?")
            .bind(target.to_vec())
            .fetch_optional(connection)
            .await?;
    let left = left.and_then(|(left,)| left).unwrap_or_default();
    Ok(Err(Duration::from_micros(left.max(0).unsigned_abs())))
}

impl TakenSlot {
    /// Returns the row of a message that was not sent. A row that another message took after this
    /// one stays.
    pub(crate) async fn release(&self, connection: &dyn Connection) -> Result<(), DataError> {
        sql("DELETE FROM captcha_targets WHERE target = ? AND slot = ? AND until_us = ?")
            .bind(self.target.clone())
            .bind(self.slot)
            .bind(self.until_us)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Deletes a page of expired rows. Returns whether more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    let page = sql("DELETE FROM captcha_targets WHERE (target, slot) IN (SELECT target, slot FROM captcha_targets WHERE until_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM captcha_targets WHERE until_us <= {now_us} LIMIT ?");
    page.delete_page(database).await
}
