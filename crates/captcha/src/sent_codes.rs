//! The table of codes that were sent in a window: those of one IP address, and all.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_data::{Connection, DataError, Database, microseconds, sql};

/// Counts a code. Returns the wait if the limit does not allow the code.
pub(crate) async fn count(
    connection: &dyn Connection,
    subject: &[u8],
    max: u32,
    window: Timeout,
) -> Result<Option<Duration>, DataError> {
    let window = microseconds(window.get());
    // MySQL would otherwise take a shared lock, with which two transactions wait for each other.
    sql("INSERT INTO captcha_sent_codes (subject, sent, until_us) VALUES (?, 0, {now_us} + ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT INTO captcha_sent_codes (subject, sent, until_us) VALUES (?, 0, {now_us} + ?) ON DUPLICATE KEY UPDATE sent = sent")
        .bind(subject.to_vec())
        .bind(window)
        .execute(connection)
        .await?;
    // MySQL assigns from left to right, so the count comes before the time.
    let counted = sql("UPDATE captcha_sent_codes SET
             sent = CASE WHEN until_us <= {now_us} THEN 1 ELSE sent + 1 END,
             until_us = CASE WHEN until_us <= {now_us} THEN {now_us} + ? ELSE until_us END
             WHERE subject = ? AND (until_us <= {now_us} OR sent < ?)")
    .bind(window)
    .bind(subject.to_vec())
    .bind(max)
    .execute(connection)
    .await?;
    if counted.rows_affected() > 0 {
        return Ok(None);
    }
    let left: Option<(i64,)> =
        sql("SELECT until_us - {now_us} FROM captcha_sent_codes WHERE subject = ?")
            .bind(subject.to_vec())
            .fetch_optional(connection)
            .await?;
    let (left,) = left.unwrap_or_default();
    Ok(Some(Duration::from_micros(left.max(0).unsigned_abs())))
}

/// Subtracts a code that was not sent.
pub(crate) async fn release(connection: &dyn Connection, subject: &[u8]) -> Result<(), DataError> {
    sql("UPDATE captcha_sent_codes SET sent = sent - 1 WHERE subject = ? AND sent > 0")
        .bind(subject.to_vec())
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes a page of expired rows. Returns whether more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    let page = sql("DELETE FROM captcha_sent_codes WHERE subject IN (SELECT subject FROM captcha_sent_codes WHERE until_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM captcha_sent_codes WHERE until_us <= {now_us} LIMIT ?");
    page.delete_page(database).await
}
