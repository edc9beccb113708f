use std::time::Duration;

use seaworthy::{
    data::{Database, Transaction, microseconds, purge_worker},
    prelude::*,
};

use crate::{
    CodeConfig, CodeKey, errors,
    store::{CodeRow, Codes},
};

/// The window of [`CodeConfig::max_per_hour`].
const HOUR: Duration = Duration::from_secs(60 * 60);

named! {
    /// The purpose of a code. A code counts for one purpose.
    pub(crate) enum Purpose {
        EmailVerify = "email_verify",
        PasswordReset = "password_reset",
        PhoneLogin = "phone_login",
    }
}

/// One-time codes of six digits. The database has their keyed hashes only.
#[derive(Debug, Clone)]
pub(crate) struct CodeBook {
    database: Database,
    config: CodeConfig,
    key: CodeKey,
}

/// The previous code, because the next one is too soon.
struct KeptCode {
    wait: Duration,
    is_live: bool,
}

impl CodeBook {
    /// # Errors
    /// The key is missing or too short.
    pub(crate) fn new(database: Database, config: &CodeConfig) -> Result<Self, StartError> {
        Ok(Self {
            database,
            key: CodeKey::new(config.pepper.as_ref(), "codes.pepper")?,
            config: config.clone(),
        })
    }

    /// Returns the lifetime of codes for this purpose.
    pub(crate) fn ttl(&self, purpose: Purpose) -> Duration {
        match purpose {
            Purpose::EmailVerify | Purpose::PasswordReset => self.config.email_ttl.get(),
            Purpose::PhoneLogin => self.config.phone_ttl.get(),
        }
    }

    /// Returns how long the next code has to wait.
    fn wait(&self, row: &CodeRow) -> Option<Duration> {
        let interval = microseconds(self.config.min_interval.get());
        let is_full = i64::from(row.sent_count) >= i64::from(self.config.max_per_hour.get());
        let rest = match row.since_window < microseconds(HOUR) && is_full {
            true => microseconds(HOUR) - row.since_window,
            false => interval - row.since_sent,
        };
        (rest > 0).then(|| Duration::from_micros(rest.unsigned_abs()))
    }

    /// Issues a code and invalidates the previous one. Send it after the commit.
    ///
    /// # Errors
    /// `RATE_LIMITED` too soon after the previous code, or after too many codes.
    pub(crate) async fn issue(
        &self,
        tx: &Transaction,
        subject: &str,
        purpose: Purpose,
    ) -> Result<Secret<String>, Error> {
        let issued = self.issue_or_keep(tx, subject, purpose).await?;
        issued.map_err(|kept| errors::too_many_codes(kept.wait))
    }

    /// As [`issue`](Self::issue), but returns the previous code if the next one is too soon.
    ///
    /// # Errors
    /// `RATE_LIMITED` if a concurrent request has issued a code.
    async fn issue_or_keep(
        &self,
        tx: &Transaction,
        subject: &str,
        purpose: Purpose,
    ) -> Result<Result<Secret<String>, KeptCode>, Error> {
        let (code, hash) = self.key.issue(purpose.as_str(), subject);
        let (id, ttl) = ((subject, purpose.as_str()), self.ttl(purpose));
        match Codes::lock(tx, subject, purpose.as_str()).await? {
            None => match Codes::insert(tx, id, &hash, ttl).await {
                // A concurrent request has issued a code.
                Err(error) if error.is_unique_violation() => {
                    return Err(errors::too_many_codes(self.config.min_interval.get()));
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
                Codes::replace(tx, id, &hash, ttl, window).await?;
            }
        }
        Ok(Ok(Secret::new(code)))
    }

    /// Issues a code, or returns `None` if the previous one was sent just now and is still valid.
    ///
    /// # Errors
    /// `RATE_LIMITED` if the next code is too soon and the previous one is not valid.
    pub(crate) async fn issue_unless_valid(
        &self,
        tx: &Transaction,
        subject: &str,
        purpose: Purpose,
    ) -> Result<Option<Secret<String>>, Error> {
        match self.issue_or_keep(tx, subject, purpose).await? {
            Ok(code) => Ok(Some(code)),
            Err(kept) if kept.is_live => Ok(None),
            Err(kept) => Err(errors::too_many_codes(kept.wait)),
        }
    }

    /// Ends a code that was not sent.
    pub(crate) async fn end(&self, subject: &str, purpose: Purpose) -> Result<(), Error> {
        Ok(Codes::end(&self.database, (subject, purpose.as_str())).await?)
    }

    /// Consumes a code. A wrong code counts as an attempt, even if the caller fails later.
    ///
    /// # Errors
    /// `INVALID_CODE` with the remaining attempts.
    pub(crate) async fn take(
        &self,
        subject: &str,
        purpose: Purpose,
        code: &str,
    ) -> Result<(), Error> {
        let (id, max) = ((subject, purpose.as_str()), self.config.max_attempts.get());
        let remaining = self
            .database
            .transaction(|tx| async move {
                let Some((hash, attempts)) = Codes::count_attempt(&tx, id, max).await? else {
                    return Ok::<_, Error>(Some(0));
                };
                if !self.key.matches(purpose.as_str(), subject, code, &hash) {
                    return Ok(Some(max.saturating_sub(attempts.unsigned_abs())));
                }
                Codes::end(&tx, id).await?;
                Ok(None)
            })
            .await?;
        match remaining {
            None => Ok(()),
            Some(remaining) => Err(errors::invalid_code(remaining)),
        }
    }

    /// Returns the worker that deletes expired codes. It may run on every replica.
    pub(crate) fn purge_worker(&self) -> Worker {
        purge_worker("purge codes", &self.database, async |database| {
            Codes::purge(&database, HOUR).await
        })
    }
}
