//! The table of one-time codes, by subject and purpose.

use std::time::Duration;

use seaworthy_data::{Connection, DataError, Transaction, microseconds, sql};

/// The subject and the purpose of a code.
pub(super) type Id<'a> = (&'a str, &'static str);

/// The last code of a subject, in microseconds from now.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeRow {
    /// The time since the last code.
    pub(super) since_sent: i64,
    /// The time since the first code of the window.
    pub(super) since_window: i64,
    /// The codes in the window.
    pub(super) sent_count: i32,
    /// The time until the code expires. Negative after it.
    remaining: i64,
    /// The attempts with the code.
    attempts: i32,
}

impl CodeRow {
    /// Returns whether the code is accepted.
    pub(super) fn is_live(&self, max_attempts: u32) -> bool {
        self.remaining > 0 && self.attempts.unsigned_abs() < max_attempts
    }
}

/// Returns the last code, and locks its row until the transaction ends.
pub(super) async fn lock(
    tx: &Transaction,
    (subject, purpose): Id<'_>,
) -> Result<Option<CodeRow>, DataError> {
    let row: Option<(i64, i64, i32, i64, i32)> = sql("SELECT {now_us} - sent_us, {now_us} - window_us, sent_count, expires_us - {now_us}, attempts FROM account_one_time_codes WHERE subject = ? AND purpose = ? FOR UPDATE")
        .on_sqlite("SELECT {now_us} - sent_us, {now_us} - window_us, sent_count, expires_us - {now_us}, attempts FROM account_one_time_codes WHERE subject = ? AND purpose = ?")
        .bind(subject)
        .bind(purpose)
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
pub(super) async fn insert(
    tx: &Transaction,
    (subject, purpose): Id<'_>,
    hash: &str,
    ttl: Duration,
) -> Result<(), DataError> {
    sql("INSERT INTO account_one_time_codes (subject, purpose, hash, attempts, sent_us, window_us, expires_us, sent_count) VALUES (?, ?, ?, 0, {now_us}, {now_us}, {now_us} + ?, 1)")
        .bind(subject)
        .bind(purpose)
        .bind(hash)
        .bind(microseconds(ttl))
        .apply(tx)
        .await
}

/// Replaces the code of a subject. `age` is the age of the window in microseconds, and `count` the
/// number of its codes.
pub(super) async fn replace(
    tx: &Transaction,
    (subject, purpose): Id<'_>,
    hash: &str,
    ttl: Duration,
    (age, count): (i64, i32),
) -> Result<(), DataError> {
    sql("UPDATE account_one_time_codes SET hash = ?, attempts = 0, sent_us = {now_us}, window_us = {now_us} - ?, expires_us = {now_us} + ?, sent_count = ? WHERE subject = ? AND purpose = ?")
        .bind(hash)
        .bind(age)
        .bind(microseconds(ttl))
        .bind(count)
        .bind(subject)
        .bind(purpose)
        .apply(tx)
        .await
}

/// Counts an attempt with a live code. Returns its hash and the number of attempts, or `None` if
/// there is no live code with attempts left.
pub(super) async fn count_attempt(
    tx: &Transaction,
    (subject, purpose): Id<'_>,
    max_attempts: u32,
) -> Result<Option<(String, i32)>, DataError> {
    let is_counted = sql("UPDATE account_one_time_codes SET attempts = attempts + 1 WHERE subject = ? AND purpose = ? AND expires_us > {now_us} AND attempts < ?")
        .bind(subject)
        .bind(purpose)
        .bind(i64::from(max_attempts))
        .changes(tx)
        .await?;
    if !is_counted {
        return Ok(None);
    }
    sql("SELECT hash, attempts FROM account_one_time_codes WHERE subject = ? AND purpose = ?")
        .bind(subject)
        .bind(purpose)
        .fetch_optional(tx)
        .await
}

/// Ends the code of a subject.
pub(super) async fn end(
    connection: &dyn Connection,
    (subject, purpose): Id<'_>,
) -> Result<(), DataError> {
    sql("UPDATE account_one_time_codes SET expires_us = 0 WHERE subject = ? AND purpose = ?")
        .bind(subject)
        .bind(purpose)
        .apply(connection)
        .await
}

/// Deletes a page of expired codes whose hour has ended, for every purpose. Returns whether more may
/// be left.
pub(super) async fn purge(connection: &dyn Connection) -> Result<bool, DataError> {
    // The outer condition keeps a code that is requested after the page was selected. An hour has
    // 3,600,000,000 microseconds.
    sql("DELETE FROM account_one_time_codes WHERE window_us < {now_us} - 3600000000 AND expires_us <= {now_us} AND (subject, purpose) IN (SELECT subject, purpose FROM account_one_time_codes WHERE window_us < {now_us} - 3600000000 AND expires_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM account_one_time_codes WHERE window_us < {now_us} - 3600000000 AND expires_us <= {now_us} LIMIT ?")
        .delete_page(connection)
        .await
}

#[cfg(test)]
mod tests {
    use seaworthy_data::{Database, DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};

    use super::*;
    use crate::ONE_TIME_CODE_MIGRATIONS;

    const ID: Id<'static> = ("ada@example.org", "login");
    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn purge_keeps_code_requested_meanwhile_auth_2() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[ONE_TIME_CODE_MIGRATIONS]);
        migrator.up(false).await.unwrap();
        let tx = database.begin().await.unwrap();
        insert(&tx, ID, "old", MINUTE).await.unwrap();
        sql("UPDATE account_one_time_codes SET window_us = 0, expires_us = 0")
            .apply(&tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let tx = database.begin().await.unwrap();
        replace(&tx, ID, "new", MINUTE, (0, 1)).await.unwrap();
        let purge = tokio::spawn({
            let database = database.clone();
            async move { purge(&database).await }
        });
        eventually(async || empty.blocked_statements("DELETE") > 0).await;
        tx.commit().await.unwrap();
        purge.await.unwrap().unwrap();
        let tx = database.begin().await.unwrap();
        let counted = count_attempt(&tx, ID, 3).await.unwrap();
        assert_eq!(counted, Some(("new".to_owned(), 1)));
    }
}
