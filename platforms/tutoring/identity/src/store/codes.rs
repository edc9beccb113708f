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
    /// The time until the code expires. Negative after it.
    remaining: i64,
    /// The attempts with the code.
    attempts: i32,
}

impl CodeRow {
    /// Returns whether the code is accepted.
    pub(crate) fn is_live(&self, max_attempts: u32) -> bool {
        self.remaining > 0 && self.attempts.unsigned_abs() < max_attempts
    }
}

impl Codes {
    /// Returns the last code, and locks its row until the transaction ends.
    pub(crate) async fn lock(
        tx: &Transaction,
        subject: &str,
        purpose: &str,
    ) -> DataResult<Option<CodeRow>> {
        let row: Option<(i64, i64, i32, i64, i32)> = locked!("SELECT {now_us} - sent_us, {now_us} - window_us, sent_count, until_us - {now_us}, tries FROM codes WHERE subject = {subject} AND purpose = {purpose}")
            .fetch_optional(tx)
            .await?;
        Ok(row.map(|row| CodeRow {
            since_sent: row.0,
            since_window: row.1,
            sent_count: row.2,
            remaining: row.3,
            attempts: row.4,
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
        // The outer condition keeps a code that is requested after the page was selected.
        sql("DELETE FROM codes WHERE window_us < {now_us} - ? AND until_us <= {now_us} AND (subject, purpose) IN (SELECT subject, purpose FROM codes WHERE window_us < {now_us} - ? AND until_us <= {now_us} LIMIT ?)")
            .bind(microseconds(window))
            .bind(microseconds(window))
            .delete_page(connection)
            .await
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::data::{Database, DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};

    use super::*;
    use crate::MIGRATIONS;

    const ID: (&str, &str) = ("ada@example.org", "login");
    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn purge_keeps_code_requested_meanwhile_auth_2() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        let tx = database.begin().await.unwrap();
        Codes::insert(&tx, ID, "old", MINUTE).await.unwrap();
        sql("UPDATE codes SET window_us = 0, until_us = 0")
            .apply(&tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let tx = database.begin().await.unwrap();
        let replaced = Codes::replace(&tx, ID, "new", MINUTE, (0, 1)).await;
        replaced.unwrap();
        let purge = tokio::spawn({
            let database = database.clone();
            async move { Codes::purge(&database, MINUTE).await }
        });
        eventually(async || empty.blocked_statements("DELETE") > 0).await;
        tx.commit().await.unwrap();
        purge.await.unwrap().unwrap();
        let tx = database.begin().await.unwrap();
        let counted = Codes::count_attempt(&tx, ID, 3).await.unwrap();
        assert_eq!(counted, Some(("new".to_owned(), 1)));
    }
}
