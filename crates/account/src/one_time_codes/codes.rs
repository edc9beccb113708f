use std::time::Duration;

use seaworthy_core::{Secret, Timeout};
use seaworthy_data::{
    Connection, DataError, Database, Migration, MigrationSet, Transaction, microseconds,
    purge_worker,
};
use seaworthy_service::Worker;

use super::{CodeKey, OneTimeCodeError, OneTimeCodesConfig, store};

/// The table of one-time codes. Add the set to the migrations of a service with [`OneTimeCodes`].
pub const ONE_TIME_CODE_MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "one_time_codes",
    &[Migration::new(
        1,
        "one_time_codes",
        include_str!("../../migrations/one_time_codes/0001_one_time_codes.up.sql"),
        include_str!("../../migrations/one_time_codes/0001_one_time_codes.down.sql"),
    )],
);

/// The window of [`OneTimeCodesConfig::max_per_hour`].
const HOUR: Duration = Duration::from_secs(60 * 60);

/// One-time codes of six digits for one purpose. Cheap to clone. All replicas share the limits.
///
/// The subject is the ID of an account, or an address. A new code replaces the previous one of the
/// subject and the purpose. `OneTimeCodes` does not send codes.
///
/// ```no_run
/// use seaworthy_account::{CodeKey, OneTimeCodes, OneTimeCodesConfig};
/// use seaworthy_core::Error;
/// use seaworthy_data::Database;
/// use seaworthy_service::StartError;
///
/// fn reset_codes(
///     database: &Database,
///     config: &OneTimeCodesConfig,
/// ) -> Result<OneTimeCodes, StartError> {
///     let key = CodeKey::new(config.pepper.as_ref(), "codes.pepper")?;
///     Ok(OneTimeCodes::by_email(database, &key, config, "reset password"))
/// }
///
/// # async fn example(database: Database, codes: OneTimeCodes) -> Result<(), Error> {
/// let tx = database.begin().await?;
/// let code = codes.issue(&tx, "user-7").await?;
/// tx.commit().await?;
/// // Send the code here. The user then enters it.
/// codes.consume("user-7", code.expose()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct OneTimeCodes {
    database: Database,
    key: CodeKey,
    purpose: &'static str,
    ttl: Timeout,
    config: OneTimeCodesConfig,
}

/// The previous code, because the next one is too soon.
struct KeptCode {
    wait: Duration,
    is_live: bool,
}

impl OneTimeCodes {
    /// Creates a handle to codes by e-mail, in a database that has the table of
    /// [`ONE_TIME_CODE_MIGRATIONS`].
    #[must_use]
    pub fn by_email(
        database: &Database,
        key: &CodeKey,
        config: &OneTimeCodesConfig,
        purpose: &'static str,
    ) -> Self {
        Self::new(database, key, config, purpose, config.email_ttl)
    }

    /// Creates a handle to codes to telephones, as [`by_email`](Self::by_email) does.
    #[must_use]
    pub fn by_phone(
        database: &Database,
        key: &CodeKey,
        config: &OneTimeCodesConfig,
        purpose: &'static str,
    ) -> Self {
        Self::new(database, key, config, purpose, config.phone_ttl)
    }

    fn new(
        database: &Database,
        key: &CodeKey,
        config: &OneTimeCodesConfig,
        purpose: &'static str,
        ttl: Timeout,
    ) -> Self {
        Self {
            database: database.clone(),
            key: key.clone(),
            purpose,
            ttl,
            config: config.clone(),
        }
    }

    /// Returns how long a code is valid.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl.get()
    }

    /// Issues a code and invalidates the previous one. Send it after the commit.
    ///
    /// # Errors
    /// [`OneTimeCodeError::TooSoon`] too soon after the previous code, or after too many codes, and
    /// any error of the database.
    pub async fn issue(
        &self,
        tx: &Transaction,
        subject: &str,
    ) -> Result<Secret<String>, OneTimeCodeError> {
        let issued = self.issue_or_keep(tx, subject).await?;
        issued.map_err(KeptCode::into_error)
    }

    /// Issues a code, or returns `None` if the previous one was sent just now and is still valid.
    ///
    /// # Errors
    /// [`OneTimeCodeError::TooSoon`] if the next code is too soon and the previous one is not valid,
    /// and any error of the database.
    pub async fn issue_unless_valid(
        &self,
        tx: &Transaction,
        subject: &str,
    ) -> Result<Option<Secret<String>>, OneTimeCodeError> {
        match self.issue_or_keep(tx, subject).await? {
            Ok(code) => Ok(Some(code)),
            Err(kept) if kept.is_live => Ok(None),
            Err(kept) => Err(kept.into_error()),
        }
    }

    /// As [`issue`](Self::issue), but returns the previous code if the next one is too soon.
    async fn issue_or_keep(
        &self,
        tx: &Transaction,
        subject: &str,
    ) -> Result<Result<Secret<String>, KeptCode>, OneTimeCodeError> {
        let (code, hash) = self.key.issue(self.purpose, subject);
        let (id, ttl) = ((subject, self.purpose), self.ttl.get());
        match store::lock(tx, id).await? {
            None => match store::insert(tx, id, &hash, ttl).await {
                // A concurrent request has issued a code.
                Err(error) if error.is_unique_violation() => {
                    let retry_after = self.config.min_interval.get();
                    return Err(OneTimeCodeError::TooSoon { retry_after });
                }
                inserted => inserted?,
            },
            Some(row) => {
                if let Some(wait) = self.wait(&row) {
                    let is_live = row.is_live(self.config.max_attempts.get());
                    return Ok(Err(KeptCode { wait, is_live }));
                }
                let window = match row.since_window < microseconds(HOUR) {
                    true => (row.since_window, row.sent_count.saturating_add(1)),
                    false => (0, 1),
                };
                store::replace(tx, id, &hash, ttl, window).await?;
            }
        }
        Ok(Ok(Secret::new(code)))
    }

    /// Returns how long the next code has to wait.
    fn wait(&self, row: &store::CodeRow) -> Option<Duration> {
        let interval = microseconds(self.config.min_interval.get());
        let is_full = i64::from(row.sent_count) >= i64::from(self.config.max_per_hour.get());
        let rest = match row.since_window < microseconds(HOUR) && is_full {
            true => (microseconds(HOUR) - row.since_window).max(interval - row.since_sent),
            false => interval - row.since_sent,
        };
        (rest > 0).then(|| Duration::from_micros(rest.unsigned_abs()))
    }

    /// Ends a code, such as one that could not be sent.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn end(&self, connection: &dyn Connection, subject: &str) -> Result<(), DataError> {
        store::end(connection, (subject, self.purpose)).await
    }

    /// Consumes a code, in a transaction of its own. A wrong code thus counts as an attempt even if
    /// the caller fails later.
    ///
    /// # Errors
    /// [`OneTimeCodeError::Invalid`] with the remaining attempts, and any error of the database.
    pub async fn consume(&self, subject: &str, code: &str) -> Result<(), OneTimeCodeError> {
        let (id, max) = ((subject, self.purpose), self.config.max_attempts.get());
        let remaining = self
            .database
            .transaction(|tx| async move {
                let Some((hash, attempts)) = store::count_attempt(&tx, id, max).await? else {
                    return Ok::<_, DataError>(Some(0));
                };
                if !self.key.matches(self.purpose, subject, code, &hash) {
                    return Ok(Some(max.saturating_sub(attempts.unsigned_abs())));
                }
                store::end(&tx, id).await?;
                Ok(None)
            })
            .await?;
        match remaining {
            None => Ok(()),
            Some(remaining) => Err(OneTimeCodeError::Invalid { remaining }),
        }
    }

    /// Returns the worker that deletes expired codes of every purpose. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge codes", &self.database, async |database| {
            store::purge(&database).await
        })
    }
}

impl KeptCode {
    const fn into_error(self) -> OneTimeCodeError {
        OneTimeCodeError::TooSoon {
            retry_after: self.wait,
        }
    }
}
