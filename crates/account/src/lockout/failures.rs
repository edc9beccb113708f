//! The table of failures, by subject.

use std::time::Duration;

use seaworthy_data::{Connection, DataError, Transaction, microseconds, sql};

use super::{LockoutError, LockoutLimit};
use crate::secret_token::hash;

/// The kind of a subject. Each kind has separate counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Failed logins to an account.
    Account,
    /// Failed logins from an IP address.
    Ip,
    /// Failed logins to an account from one known device.
    Device,
    /// Wrong codes of a user, from unknown devices.
    Code,
    /// Wrong codes of a user from one known device.
    DeviceCode,
}

/// Returns the key of a row. A hash has a fixed length and discloses no account and no address.
pub(crate) fn subject(kind: Kind, name: &str) -> String {
    let kind = match kind {
        Kind::Account => "account",
        Kind::Ip => "ip",
        Kind::Device => "device",
        Kind::Code => "code",
        Kind::DeviceCode => "device-code",
    };
    let hash = hash(format!("{kind}\0{name}").as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}:{hash}")
}

/// A counted failure.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Failure {
    /// The number of failures with this one if it locks the subject, else 0.
    locks_at: i32,
}

/// Counts a failure. Failures expire after `reset_after`.
///
/// # Errors
/// [`LockoutError::Locked`] while the subject has to wait. The caller rolls the transaction back.
pub(crate) async fn count(
    tx: &Transaction,
    subject: &str,
    limit: &LockoutLimit,
    reset_after: Option<Duration>,
) -> Result<Failure, LockoutError> {
    let mut known = lock_row(tx, subject).await?;
    if known.is_none() {
        sql("INSERT INTO account_failures (subject, failures, failed_us, locked_until_us) VALUES (?, 0, {now_us}, 0) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO account_failures (subject, failures, failed_us, locked_until_us) VALUES (?, 0, {now_us}, 0)")
            .bind(subject)
            .execute(tx)
            .await?;
        known = lock_row(tx, subject).await?;
    }
    let (failures, since, locked) = known.unwrap_or_default();
    if locked > 0 {
        let retry_after = Duration::from_micros(locked.unsigned_abs());
        return Err(LockoutError::Locked { retry_after });
    }
    let is_reset = reset_after.is_some_and(|after| since > microseconds(after));
    let attempts = if is_reset {
        1
    } else {
        failures.saturating_add(1)
    };
    let wait = limit.backoff_after(attempts.unsigned_abs());
    let update = if wait.is_zero() {
        // A lock that ends now would begin again if the clock of the database steps back.
        sql("UPDATE account_failures SET failures = ?, failed_us = {now_us}, locked_until_us = 0 WHERE subject = ?")
            .bind(attempts)
    } else {
        sql("UPDATE account_failures SET failures = ?, failed_us = {now_us}, locked_until_us = {now_us} + ? WHERE subject = ?")
            .bind(attempts)
            .bind(microseconds(wait))
    };
    update.bind(subject).execute(tx).await?;
    let locks_at = if wait.is_zero() { 0 } else { attempts };
    Ok(Failure { locks_at })
}

/// Locks the row of a subject. Returns the number of failures, the time since the last one and the
/// remaining wait, in microseconds.
async fn lock_row(tx: &Transaction, subject: &str) -> Result<Option<(i32, i64, i64)>, DataError> {
    sql("SELECT failures, {now_us} - failed_us, locked_until_us - {now_us} FROM account_failures WHERE subject = ? FOR UPDATE")
        .on_sqlite("SELECT failures, {now_us} - failed_us, locked_until_us - {now_us} FROM account_failures WHERE subject = ?")
        .bind(subject)
        .fetch_optional(tx)
        .await
}

/// Returns the number of failures of a subject that count, and its remaining wait.
pub(crate) async fn read(
    connection: &dyn Connection,
    subject: &str,
    reset_after: Duration,
) -> Result<(u32, Duration), DataError> {
    let known: Option<(i32, i64, i64)> =
        sql("SELECT failures, {now_us} - failed_us, locked_until_us - {now_us} FROM account_failures WHERE subject = ?")
            .bind(subject)
            .fetch_optional(connection)
            .await?;
    let (failures, since, locked) = known.unwrap_or_default();
    let wait = Duration::from_micros(locked.max(0).unsigned_abs());
    let is_reset = wait.is_zero() && since > microseconds(reset_after);
    let failures = if is_reset { 0 } else { failures };
    Ok((failures.max(0).unsigned_abs(), wait))
}

/// Deletes the count of a subject. Returns whether it had failures.
pub(crate) async fn delete_count(
    connection: &dyn Connection,
    subject: &str,
) -> Result<bool, DataError> {
    let deleted = sql("DELETE FROM account_failures WHERE subject = ?")
        .bind(subject)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Subtracts a failure. It ends the lock only if the failure caused it and no later one was
/// counted. Otherwise attackers could end the lock of their address by a login to their own
/// account.
pub(crate) async fn subtract(
    connection: &dyn Connection,
    subject: &str,
    failure: Failure,
) -> Result<(), DataError> {
    // MySQL assigns from left to right, so the lock comes before the count.
    sql("UPDATE account_failures SET locked_until_us = CASE WHEN failures <= ? THEN 0 ELSE locked_until_us END, failures = failures - 1
         WHERE subject = ? AND failures > 0")
        .bind(failure.locks_at)
        .bind(subject)
        .execute(connection)
        .await
        .map(drop)
}

/// The time after which wrong codes of a device are deleted. Browsers delete a cookie after 400
/// days at most (RFC 6265bis, section 5.5), so a device cannot need an older row.
const DEVICE_CODE_RETENTION: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Deletes a page of counts of failed logins whose last failure is older than `after`, and a page
/// of old counts of wrong codes of devices. Returns whether more may be left. The count of wrong
/// codes of a user stays until a correct code. This is at most one row per user with a second
/// factor.
pub(crate) async fn purge(connection: &dyn Connection, after: Duration) -> Result<bool, DataError> {
    // PostgreSQL evaluates the condition again when it locks a row, so a row that counts a failure
    // after the page was selected stays.
    let passwords = sql("DELETE FROM account_failures WHERE subject IN
             (SELECT subject FROM account_failures WHERE failed_us < {now_us} - ? AND locked_until_us <= {now_us} AND subject NOT LIKE 'code:%' AND subject NOT LIKE 'device-code:%' LIMIT ?)")
        .on_postgres("DELETE FROM account_failures WHERE subject IN
             (SELECT subject FROM account_failures WHERE failed_us < {now_us} - ? AND locked_until_us <= {now_us} AND subject NOT LIKE 'code:%' AND subject NOT LIKE 'device-code:%' LIMIT ? FOR UPDATE SKIP LOCKED)")
        .on_mysql("DELETE FROM account_failures WHERE failed_us < {now_us} - ? AND locked_until_us <= {now_us} AND subject NOT LIKE 'code:%' AND subject NOT LIKE 'device-code:%' LIMIT ?")
        .bind(microseconds(after));
    let codes = sql("DELETE FROM account_failures WHERE subject IN
             (SELECT subject FROM account_failures WHERE failed_us < {now_us} - ? AND subject LIKE 'device-code:%' LIMIT ?)")
        .on_postgres("DELETE FROM account_failures WHERE subject IN
             (SELECT subject FROM account_failures WHERE failed_us < {now_us} - ? AND subject LIKE 'device-code:%' LIMIT ? FOR UPDATE SKIP LOCKED)")
        .on_mysql("DELETE FROM account_failures WHERE failed_us < {now_us} - ? AND subject LIKE 'device-code:%' LIMIT ?")
        .bind(microseconds(DEVICE_CODE_RETENTION));
    let more_passwords = passwords.delete_page(connection).await?;
    let more_codes = codes.delete_page(connection).await?;
    Ok(more_passwords || more_codes)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use seaworthy_data::{Database, DatabaseConfig, Migrator};
    use seaworthy_testkit::{database::EmptyDatabase, eventually};
    use tokio::{join, sync::Notify};

    use super::*;
    use crate::{LockoutConfig, MIGRATIONS};

    const AFTER: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn purge_keeps_row_that_counts_meanwhile_auth_2() {
        let Some(empty) = EmptyDatabase::postgres() else {
            return;
        };
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        for kind in [Kind::Account, Kind::DeviceCode] {
            let subject = subject(kind, "ada");
            sql("INSERT INTO account_failures (subject, failures, failed_us, locked_until_us) VALUES (?, 1, 1, 0)")
                .bind(subject.as_str())
                .execute(&database)
                .await
                .unwrap();
            let (is_locked, is_purged) = (Notify::new(), AtomicBool::new(false));
            let count = async {
                let tx = database.begin().await?;
                count(&tx, &subject, &LockoutConfig::default().account, None)
                    .await
                    .unwrap();
                is_locked.notify_one();
                // The purge may wait for the row.
                eventually(async || {
                    empty.blocked_statements("DELETE") > 0 || is_purged.load(SeqCst)
                })
                .await;
                tx.commit().await
            };
            let purge = async {
                is_locked.notified().await;
                let purged = purge(&database, AFTER).await;
                is_purged.store(true, SeqCst);
                purged
            };
            let (counted, purged) = join!(count, purge);
            counted.unwrap();
            purged.unwrap();
            let (failures, _) = read(&database, &subject, AFTER).await.unwrap();
            assert_eq!(failures, 2, "{kind:?}");
        }
    }
}
