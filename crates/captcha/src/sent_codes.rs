//! The table of codes that were sent in a window: those of one network, and all.

use std::time::Duration;

use seaworthy_core::Timeout;
use seaworthy_data::{Connection, DataError, Database, microseconds, sql};

use crate::window::SlidingCount;

/// The count of a subject. Its row is locked until the transaction ends.
pub(crate) struct LockedCount {
    subject: Vec<u8>,
    count: SlidingCount,
}

/// A code that counts.
pub(crate) struct CountedCode {
    subject: Vec<u8>,
    /// The start of its part of the window, in microseconds since 1970.
    begin_us: i64,
}

impl LockedCount {
    /// Locks the row of a subject. One statement inserts or locks it, because the worker that
    /// deletes expired rows may run between two statements.
    pub(crate) async fn lock(
        connection: &dyn Connection,
        subject: Vec<u8>,
        window: Timeout,
    ) -> Result<Self, DataError> {
        sql("INSERT INTO captcha_sent_codes (subject, sent, until_us) VALUES (?, 0, {now_us} + ?) ON CONFLICT (subject) DO UPDATE SET sent = captcha_sent_codes.sent")
            .on_mysql("INSERT INTO captcha_sent_codes (subject, sent, until_us) VALUES (?, 0, {now_us} + ?) ON DUPLICATE KEY UPDATE sent = sent")
            .bind(subject.clone())
            .bind(microseconds(window.get()))
            .execute(connection)
            .await?;
        let count = read(connection, &subject, window).await?;
        Ok(Self { subject, count })
    }

    /// Returns the codes that count.
    pub(crate) fn total(&self) -> u64 {
        self.count.total()
    }

    /// Counts a code. Returns the wait if the limit does not allow the code.
    pub(crate) async fn add(
        mut self,
        connection: &dyn Connection,
        max: u32,
    ) -> Result<Result<CountedCode, Duration>, DataError> {
        let begin_us = match self.count.add(max) {
            Ok(begin_us) => begin_us,
            Err(wait) => return Ok(Err(wait)),
        };
        self.store(connection).await?;
        let subject = self.subject;
        Ok(Ok(CountedCode { subject, begin_us }))
    }

    async fn store(&self, connection: &dyn Connection) -> Result<(), DataError> {
        sql("UPDATE captcha_sent_codes SET sent = ?, counts = ?, until_us = ? WHERE subject = ?")
            .bind(i32::try_from(self.count.total()).unwrap_or(i32::MAX))
            .bind(self.count.to_bytes())
            .bind(self.count.until_us())
            .bind(self.subject.clone())
            .execute(connection)
            .await
            .map(drop)
    }
}

impl CountedCode {
    /// Subtracts a code that was not sent.
    pub(crate) async fn release(
        &self,
        connection: &dyn Connection,
        window: Timeout,
    ) -> Result<(), DataError> {
        let mut locked = LockedCount::lock(connection, self.subject.clone(), window).await?;
        locked.count.remove(self.begin_us);
        locked.store(connection).await
    }
}

/// Returns the codes of a subject that count, without a lock.
pub(crate) async fn total(
    connection: &dyn Connection,
    subject: &[u8],
    window: Timeout,
) -> Result<u64, DataError> {
    Ok(read(connection, subject, window).await?.total())
}

async fn read(
    connection: &dyn Connection,
    subject: &[u8],
    window: Timeout,
) -> Result<SlidingCount, DataError> {
    let stored: Option<(Option<Vec<u8>>, i64)> =
        sql("SELECT counts, {now_us} FROM captcha_sent_codes WHERE subject = ?")
            .bind(subject.to_vec())
            .fetch_optional(connection)
            .await?;
    let (counts, now_us) = stored.unwrap_or_default();
    Ok(SlidingCount::read(counts.as_deref(), window, now_us))
}

/// Deletes a page of expired rows. Returns whether more may be left.
pub(crate) async fn purge(database: &Database) -> Result<bool, DataError> {
    // The outer condition keeps a row that counts a code after the page was selected.
    let page = sql("DELETE FROM captcha_sent_codes WHERE until_us <= {now_us} AND subject IN (SELECT subject FROM captcha_sent_codes WHERE until_us <= {now_us} LIMIT ?)")
        .on_mysql("DELETE FROM captcha_sent_codes WHERE until_us <= {now_us} LIMIT ?");
    page.delete_page(database).await
}

#[cfg(test)]
mod tests {
    use seaworthy_data::{DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};
    use tokio::{join, sync::Notify};

    use super::*;
    use crate::MIGRATIONS;

    /// After a PostgreSQL `DELETE` waits for a row lock, it evaluates its own condition again, but
    /// not the condition of its subquery.
    #[tokio::test]
    async fn purge_keeps_row_that_counts_meanwhile_auth_2() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        sql("INSERT INTO captcha_sent_codes (subject, sent, until_us) VALUES (?, 0, 1)")
            .bind(vec![7_u8; 32])
            .execute(&database)
            .await
            .unwrap();
        let is_locked = Notify::new();
        let count = async {
            let tx = database.begin().await?;
            let locked = LockedCount::lock(&tx, vec![7; 32], Timeout::from_secs(60)).await?;
            assert!(locked.add(&tx, 1).await?.is_ok());
            is_locked.notify_one();
            eventually(async || empty.blocked_statements("DELETE") > 0).await;
            tx.commit().await
        };
        let purge = async {
            is_locked.notified().await;
            purge(&database).await
        };
        let (counted, purged) = join!(count, purge);
        counted.unwrap();
        purged.unwrap();
        let kept = total(&database, &[7; 32], Timeout::from_secs(60)).await;
        assert_eq!(kept.unwrap(), 1);
    }
}
