use std::time::Duration;

use seaworthy::data::{microseconds, prelude::*};

/// Statements on codes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes;

/// The last code of a subject, in microseconds from now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodeRow {
    /// The time since the last code.
    pub(crate) since_sent: i64,
    /// The time since the first code of the window.
    pub(crate) since_window: i64,
    /// The codes in the window.
    pub(crate) sent_count: i32,
}

impl Codes {
    /// Returns the last code, and locks its row until the transaction ends.
    pub(crate) async fn lock(
        tx: &Transaction,
        subject: &str,
        purpose: &str,
    ) -> DataResult<Option<CodeRow>> {
        let row: Option<(i64, i64, i32)> = locked!("SELECT {now_us} - sent_us, {now_us} - window_us, sent_count FROM codes WHERE subject = {subject} AND purpose = {purpose}")
            .fetch_optional(tx)
            .await?;
        Ok(row.map(|(since_sent, since_window, sent_count)| CodeRow {
            since_sent,
            since_window,
            sent_count,
        }))
    }

    /// Inserts the first code of a subject.
    pub(crate) async fn insert(
        tx: &Transaction,
        (subject, purpose): (&str, &str),
        hash: &str,
        ttl: Duration,
    ) -> DataResult<()> {
        sql!("INSERT INTO codes (subject, purpose, hash, tries, sent_us, window_us, until_us, sent_count) VALUES ({subject}, {purpose}, {hash}, 0, {now_us}, {now_us}, {now_us} + {microseconds(ttl)}, 1)")
            .apply(tx)
            .await
    }

    /// Replaces the code of a subject. `age` is the age of the window in microseconds.
    pub(crate) async fn replace(
        tx: &Transaction,
        (subject, purpose): (&str, &str),
        hash: &str,
        ttl: Duration,
        (age, count): (i64, i32),
    ) -> DataResult<()> {
        sql!("UPDATE codes SET hash = {hash}, tries = 0, sent_us = {now_us}, window_us = {now_us} - {age}, until_us = {now_us} + {microseconds(ttl)}, sent_count = {count} WHERE subject = {subject} AND purpose = {purpose}")
            .apply(tx)
            .await
    }

    /// Counts an attempt with a live code. Returns its hash and the number of attempts, or `None`
    /// if there is no live code with attempts left.
    pub(crate) async fn count_attempt(
        tx: &Transaction,
        (subject, purpose): (&str, &str),
        max_attempts: u32,
    ) -> DataResult<Option<(String, i32)>> {
        let counted = sql!("UPDATE codes SET tries = tries + 1 WHERE subject = {subject} AND purpose = {purpose} AND until_us > {now_us} AND tries < {i64::from(max_attempts)}")
            .execute(tx)
            .await?;
        if counted.rows_affected() == 0 {
            return Ok(None);
        }
        sql!("SELECT hash, tries FROM codes WHERE subject = {subject} AND purpose = {purpose}")
            .fetch_optional(tx)
            .await
    }

    /// Ends the code of a subject.
    pub(crate) async fn end(
        connection: &dyn Connection,
        (subject, purpose): (&str, &str),
    ) -> DataResult<()> {
        sql!("UPDATE codes SET until_us = 0 WHERE subject = {subject} AND purpose = {purpose}")
            .apply(connection)
            .await
    }

    /// Deletes a page of expired codes whose window has ended. Returns whether more may be left.
    pub(crate) async fn purge(connection: &dyn Connection, window: Duration) -> DataResult<bool> {
        sql("DELETE FROM codes WHERE (subject, purpose) IN (SELECT subject, purpose FROM codes WHERE window_us < {now_us} - ? AND until_us <= {now_us} LIMIT ?)")
            .bind(microseconds(window))
            .delete_page(connection)
            .await
    }
}
