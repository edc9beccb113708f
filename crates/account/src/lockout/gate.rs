use std::{net::IpAddr, sync::Arc, time::Duration};

use seaworthy_core::{Error, Switch, network_of};
use seaworthy_data::{Connection, DataError, Database, purge_worker};
use seaworthy_service::Worker;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use tracing::warn;

use super::{
    LockoutConfig, LockoutError, LockoutLimit,
    failures::{Failure, Kind, count, delete_count, purge, read, subject, subtract},
    running::{RunningAttempt, RunningAttempts},
};
use crate::KnownDevice;

/// The maximum wait for running attempts that lock the account. A check of a password is shorter.
const MAX_WAIT_FOR_RUNNING: Duration = Duration::from_secs(2);
/// The maximum number of waiting attempts. Each of them queries the database whenever a running
/// attempt on its account ends.
const MAX_WAITING: usize = 32;

/// Limits attempts to log in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lockout {
    database: Database,
    config: LockoutConfig,
    switch: Switch,
    running: RunningAttempts,
    /// One permit for each attempt that waits for running ones.
    waiting: Arc<Semaphore>,
}

/// An allowed attempt. It counts as failed until [`Lockout::record_success`].
#[derive(Debug)]
#[must_use = "call `record_success` if the password is correct"]
pub struct Attempt {
    /// The account, or the account on a known device.
    account: String,
    /// The counted failures by subject. Empty while the lockout is off.
    failures: Vec<(String, Failure)>,
    /// Ends when the attempt is dropped, after its count is final.
    _running: RunningAttempt,
}

/// The failures of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutStatus {
    /// The failed attempts that count.
    pub failures: u32,
    /// The number of failures before an attempt has to wait.
    pub max_failures: u32,
    /// How long the next attempt has to wait. Zero if the account is not locked.
    pub wait: Duration,
}

impl Lockout {
    /// Creates a lockout in a database that has the tables of [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub fn new(database: Database, config: LockoutConfig) -> Self {
        Self {
            database,
            config,
            switch: Switch::new(),
            running: RunningAttempts::default(),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }

    /// Sets the switch that turns the lockout off (FLAG-2), such as
    /// `service.switches().register("account_lockout", SwitchKind::Security)`. Attempts are then
    /// allowed and not counted.
    #[must_use]
    pub fn with_switch(mut self, switch: Switch) -> Self {
        self.switch = switch;
        self
    }

    /// Counts an attempt before the password is checked. `account` is the normalized name that the
    /// client has sent, whether or not the account exists.
    ///
    /// # Errors
    /// [`LockoutError::Locked`] while the account has to wait, and [`LockoutError::AddressLocked`]
    /// while the IP address has to wait. A rejected attempt does not count.
    pub async fn attempt(
        &self,
        account: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt, LockoutError> {
        self.attempt_releasing(account, address, &mut None::<()>)
            .await
    }

    /// Counts an attempt as [`attempt`](Self::attempt) does. If it has to wait for running attempts
    /// on the account, it first drops `reserved`, such as a reserved password hash. Logins to other
    /// accounts then do not wait for this one.
    ///
    /// # Errors
    /// As for [`attempt`](Self::attempt).
    pub async fn attempt_releasing<R>(
        &self,
        account: &str,
        address: Option<IpAddr>,
        reserved: &mut Option<R>,
    ) -> Result<Attempt, LockoutError> {
        let account = subject(Kind::Account, account);
        let address = address.map(|address| subject(Kind::Ip, &network_of(address).to_string()));
        // The fixed order prevents deadlocks.
        let mut subjects = vec![(Kind::Account, account.as_str(), &self.config.account)];
        subjects.extend(
            address
                .as_deref()
                .map(|address| (Kind::Ip, address, &self.config.ip)),
        );
        let counted = self.count_or_wait(&account, &subjects, reserved).await;
        counted.inspect_err(|error| {
            if let LockoutError::Locked { retry_after }
            | LockoutError::AddressLocked { retry_after } = error
            {
                warn!(
                    retry_after_ms = retry_after.as_millis(),
                    "a login was rejected after too many failures"
                );
            }
        })
    }

    /// Counts an attempt as [`attempt`](Self::attempt) does, and checks its password. `check` resolves
    /// to `None` for a wrong password, and to what a correct one proves. If it fails, the password was
    /// not checked, so the attempt does not count.
    ///
    /// ```no_run
    /// use seaworthy_account::{Lockout, LockoutError};
    /// use seaworthy_core::Error;
    ///
    /// async fn log_in(lockout: &Lockout, password: &str) -> Result<Option<&'static str>, Error> {
    ///     let check = async { Ok((password == "correct").then_some("ada")) };
    ///     lockout.guard("ada@example.org", None, check).await?
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`attempt`](Self::attempt). The inner result has the error of `check`.
    pub async fn guard<T>(
        &self,
        account: &str,
        address: Option<IpAddr>,
        check: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Result<Option<T>, Error>, LockoutError> {
        let attempt = self.attempt(account, address).await?;
        let checked = check.await;
        match &checked {
            Ok(Some(_)) => self.record_success(attempt).await?,
            Ok(None) => drop(attempt),
            Err(_) => self.cancel(attempt).await?,
        }
        Ok(checked)
    }

    /// Counts an attempt from a device that has already logged in to the account (OWASP's device
    /// cookies). The device has its own limit, equal to that of an account. Failures from other
    /// devices or from the same address do not delay it, and its failures do not delay others.
    ///
    /// # Errors
    /// [`LockoutError::Locked`] while the device has to wait.
    pub async fn attempt_from(&self, device: &KnownDevice) -> Result<Attempt, LockoutError> {
        let account = subject(Kind::Device, &device.subject());
        let subjects = [(Kind::Device, account.as_str(), &self.config.account)];
        let counted = self
            .count_or_wait(&account, &subjects, &mut None::<()>)
            .await;
        counted.inspect_err(|error| {
            if let LockoutError::Locked { retry_after } = error {
                warn!(
                    retry_after_ms = retry_after.as_millis(),
                    "a login from a known device was rejected after too many failures"
                );
            }
        })
    }

    /// Counts an attempt. While only running attempts lock the account, it waits until one of them
    /// has ended: their passwords may be correct. It drops `reserved` first.
    async fn count_or_wait<R>(
        &self,
        account: &str,
        subjects: &[(Kind, &str, &LockoutLimit)],
        reserved: &mut Option<R>,
    ) -> Result<Attempt, LockoutError> {
        let deadline = Instant::now() + MAX_WAIT_FOR_RUNNING;
        let mut permit = None;
        loop {
            let before = self.running.count(account);
            let error = match self.count_all(account, subjects).await {
                Ok(attempt) => return Ok(attempt),
                Err(error) => error,
            };
            // An attempt may have ended since this one was rejected.
            let running = before.max(self.running.count(account));
            if !matches!(error, LockoutError::Locked { .. })
                || Instant::now() >= deadline
                || !self.is_locked_by_running(account, running).await?
            {
                return Err(error);
            }
            if permit.is_none() {
                let Ok(acquired) = self.waiting.try_acquire() else {
                    return Err(error);
                };
                permit = Some(acquired);
            }
            *reserved = None;
            let has_ended = self.running.wait_below(account, running);
            let _elapsed = timeout_at(deadline, has_ended).await;
        }
    }

    /// Whether an account has fewer failures than its limit without those of running attempts.
    async fn is_locked_by_running(&self, account: &str, running: u32) -> Result<bool, DataError> {
        if running == 0 {
            return Ok(false);
        }
        let (failures, _) = read(&self.database, account, self.config.reset_after.get()).await?;
        Ok(failures.saturating_sub(running) < self.config.account.max_failures.get())
    }

    /// Counts a failure of each subject, unless the lockout is off. A rejection rolls all counts
    /// back, so a busy IP address does not lock accounts.
    async fn count_all(
        &self,
        account: &str,
        subjects: &[(Kind, &str, &LockoutLimit)],
    ) -> Result<Attempt, LockoutError> {
        if !self.switch.is_on() {
            return Ok(self.begin(account, Vec::new()));
        }
        self.database
            .transaction(|tx| async move {
                let after = Some(self.config.reset_after.get());
                let mut failures = Vec::with_capacity(subjects.len());
                for (kind, subject, limit) in subjects {
                    let counted = count(&tx, subject, limit, after).await;
                    let failure = counted.map_err(|error| match (kind, error) {
                        (Kind::Ip, LockoutError::Locked { retry_after }) => {
                            LockoutError::AddressLocked { retry_after }
                        }
                        (_, error) => error,
                    })?;
                    failures.push(((*subject).to_owned(), failure));
                }
                Ok::<_, LockoutError>(self.begin(account, failures))
            })
            .await
    }

    fn begin(&self, account: &str, failures: Vec<(String, Failure)>) -> Attempt {
        Attempt {
            account: account.to_owned(),
            failures,
            _running: self.running.begin(account),
        }
    }

    /// Deletes the count of the account or device, and subtracts the attempt from the count of the
    /// IP address. Others may share the address with an attacker.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn record_success(&self, mut attempt: Attempt) -> Result<(), DataError> {
        delete_count(&self.database, &attempt.account).await?;
        // A failure that was counted after the deletion stays.
        attempt
            .failures
            .retain(|(subject, _)| *subject != attempt.account);
        self.subtract_all(attempt).await
    }

    /// Subtracts an attempt whose password was not checked.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn cancel(&self, attempt: Attempt) -> Result<(), DataError> {
        self.subtract_all(attempt).await
    }

    async fn subtract_all(&self, attempt: Attempt) -> Result<(), DataError> {
        for (subject, failure) in attempt.failures {
            subtract(&self.database, &subject, failure).await?;
        }
        Ok(())
    }

    /// Returns the failures of an account, for its owner or an operator. It changes nothing.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn status(&self, account: &str) -> Result<LockoutStatus, DataError> {
        let subject = subject(Kind::Account, account);
        let (failures, wait) =
            read(&self.database, &subject, self.config.reset_after.get()).await?;
        Ok(LockoutStatus {
            failures,
            max_failures: self.config.account.max_failures.get(),
            wait,
        })
    }

    /// Deletes the count of an account. Call it in the transaction in which the owner proves their
    /// identity, such as by a link for a new password. Returns whether the account had failures.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn reset(
        &self,
        connection: &dyn Connection,
        account: &str,
    ) -> Result<bool, DataError> {
        delete_count(connection, &subject(Kind::Account, account)).await
    }

    /// Returns the worker that deletes failures older than `reset_after`. It may run on every
    /// replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge failed logins", self, async |lockout| {
            lockout.purge().await
        })
    }

    /// Deletes a page of failures that are older than the settings allow. Returns whether more may
    /// be left.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn purge(&self) -> Result<bool, DataError> {
        purge(&self.database, self.config.reset_after.get()).await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use seaworthy_core::Timeout;
    use seaworthy_data::{DatabaseConfig, Migrator};
    use seaworthy_testkit::database::EmptyDatabase;
    use tokio::select;

    use super::*;
    use crate::MIGRATIONS;

    #[tokio::test]
    async fn number_of_waiting_attempts_is_limited_auth_2() {
        let empty = EmptyDatabase::sqlite().unwrap();
        let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
        let database = Database::builder("test", config).open().await.unwrap();
        let migrator = Migrator::new(&database, &[MIGRATIONS]);
        migrator.up(false).await.unwrap();
        let mut config = LockoutConfig::default();
        config.account.initial_backoff = Timeout::from_secs(600);
        let lockout = Lockout {
            waiting: Arc::new(Semaphore::new(1)),
            ..Lockout::new(database, config)
        };
        let mut running = Vec::new();
        for _ in 0..5 {
            running.push(lockout.attempt("ada", None).await.unwrap());
        }
        let slot = Arc::new(Semaphore::new(1));
        let mut reserved = Some(Arc::clone(&slot).try_acquire_owned().unwrap());
        let mut waiting = pin!(lockout.attempt_releasing("ada", None, &mut reserved));
        // The attempt releases the slot when it begins to wait.
        select! {
            biased;
            released = slot.acquire() => drop(released.unwrap()),
            answer = &mut waiting => panic!("{answer:?}"),
        }
        let begin = Instant::now();
        let rejected = lockout.attempt("ada", None).await;
        assert!(
            matches!(rejected, Err(LockoutError::Locked { .. })),
            "{rejected:?}"
        );
        // A wait for running attempts would take 2 s.
        assert!(begin.elapsed() < MAX_WAIT_FOR_RUNNING);
        for attempt in running {
            lockout.record_success(attempt).await.unwrap();
        }
        let admitted = waiting.await.unwrap();
        lockout.record_success(admitted).await.unwrap();
    }
}
