use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use seaworthy_core::{Code, Error};
use seaworthy_data::{Connection, DataError, Database, Transaction, sql};
use seaworthy_service::Worker;
use tracing::warn;

use super::{LockoutConfig, LockoutLimit};
use crate::{microseconds, purge::purge_worker, secret_token::hash};

/// Counts attempts to log in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lockout {
    database: Database,
    config: LockoutConfig,
}

/// An attempt that may be made, and is counted as failed until it has succeeded.
#[derive(Debug)]
#[must_use = "an attempt that succeeded has to be told"]
pub struct Attempt {
    account: String,
    address: Option<String>,
}

/// No attempt may be made now.
#[derive(Debug, thiserror::Error)]
pub enum LockoutError {
    /// Too many have failed.
    #[error("too many attempts have failed; the next may be made in {} s", .retry_after.as_secs())]
    Locked {
        /// How long to wait.
        retry_after: Duration,
    },
    /// It cannot be found out, so nobody is let in.
    #[error("failed attempts cannot be counted")]
    Failed(#[from] DataError),
}

impl From<LockoutError> for Error {
    /// Says the same for accounts that exist and those that do not.
    fn from(error: LockoutError) -> Self {
        match error {
            LockoutError::Locked { retry_after } => Self::new(
                Code::Exhausted,
                "TOO_MANY_ATTEMPTS",
                "too many attempts have failed; try again later",
            )
            .with_retry_after(retry_after),
            LockoutError::Failed(error) => error.into(),
        }
    }
}

impl Lockout {
    /// Counts in this database, whose migrations hold [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, config: LockoutConfig) -> Self {
        Self { database, config }
    }

    /// Counts an attempt before it is made. The account is named as the caller names it, in the form that logins are compared in.
    ///
    /// # Errors
    /// [`LockoutError::Locked`] while it has to wait; the same for an account that does not exist.
    pub async fn attempt(
        &self,
        account: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt, LockoutError> {
        let attempt = Attempt {
            // A hash has one length, whatever somebody sends, and names nobody in the table.
            account: subject("account", account),
            address: address.map(|address| subject("address", &network(address).to_string())),
        };
        let wait = self
            .database
            .transaction(|tx| {
                let (account, address) = (attempt.account.clone(), attempt.address.clone());
                async move {
                    // Always in this order, so that two do not wait for each other.
                    let by_account = self.count(&tx, &account, &self.config.account).await?;
                    let by_address = match address {
                        Some(address) if by_account.is_zero() => {
                            self.count(&tx, &address, &self.config.address).await?
                        }
                        _ => Duration::ZERO,
                    };
                    Ok::<_, DataError>(by_account.max(by_address))
                }
            })
            .await?;
        if wait.is_zero() {
            return Ok(attempt);
        }
        warn!(
            seconds = wait.as_secs(),
            "an attempt to log in was refused: too many have failed"
        );
        Err(LockoutError::Locked { retry_after: wait })
    }

    /// Counts one, or tells how long to wait.
    async fn count(
        &self,
        tx: &Transaction,
        subject: &str,
        limit: &LockoutLimit,
    ) -> Result<Duration, DataError> {
        let mut known = look(tx, subject).await?;
        if known.is_none() {
            sql("INSERT INTO account_failures (subject, failures, failed_us, locked_until_us) VALUES (?, 0, {now_us}, 0) ON CONFLICT DO NOTHING")
                .on_mysql("INSERT IGNORE INTO account_failures (subject, failures, failed_us, locked_until_us) VALUES (?, 0, {now_us}, 0)")
                .bind(subject)
                .execute(tx)
                .await?;
            known = look(tx, subject).await?;
        }
        let (failures, since, locked) = known.unwrap_or_default();
        if locked > 0 {
            return Ok(Duration::from_micros(locked.unsigned_abs()));
        }
        let is_forgotten = since > microseconds(self.config.forget.get());
        let attempts = if is_forgotten {
            1
        } else {
            failures.saturating_add(1)
        };
        let pause = limit.pause_after(attempts.unsigned_abs());
        sql("UPDATE account_failures SET failures = ?, failed_us = {now_us}, locked_until_us = {now_us} + ? WHERE subject = ?")
            .bind(attempts)
            .bind(microseconds(pause))
            .bind(subject)
            .execute(tx)
            .await?;
        Ok(Duration::ZERO)
    }

    /// Takes back what was counted for an attempt that succeeded: the account's whole count, and one of the address, which others may share with an attacker.
    ///
    /// # Errors
    /// The database's.
    pub async fn succeeded(&self, attempt: Attempt) -> Result<(), DataError> {
        sql("DELETE FROM account_failures WHERE subject = ?")
            .bind(attempt.account)
            .execute(&self.database)
            .await?;
        let Some(address) = attempt.address else {
            return Ok(());
        };
        sql("UPDATE account_failures SET failures = failures - 1, locked_until_us = 0 WHERE subject = ? AND failures > 0")
            .bind(address)
            .execute(&self.database)
            .await
            .map(drop)
    }

    /// Takes back an attempt that came to nothing: whether it would have succeeded was not found out.
    ///
    /// # Errors
    /// The database's.
    pub async fn withdrawn(&self, attempt: Attempt) -> Result<(), DataError> {
        for subject in [Some(attempt.account), attempt.address]
            .into_iter()
            .flatten()
        {
            sql("UPDATE account_failures SET failures = failures - 1, locked_until_us = 0 WHERE subject = ? AND failures > 0")
                .bind(subject)
                .execute(&self.database)
                .await?;
        }
        Ok(())
    }

    /// Lets an account try again at once, in the transaction in which its owner proved who they are: by the link for a new password, for instance.
    ///
    /// # Errors
    /// The database's.
    pub async fn forgive(
        &self,
        connection: &dyn Connection,
        account: &str,
    ) -> Result<(), DataError> {
        sql("DELETE FROM account_failures WHERE subject = ?")
            .bind(subject("account", account))
            .execute(connection)
            .await
            .map(drop)
    }

    /// The worker that forgets what nobody has tried for longer than the settings say. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge failed logins", self, async |lockout| {
            lockout.purge().await
        })
    }

    /// Forgets what nobody has tried for longer than the settings say.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<(), DataError> {
        sql("DELETE FROM account_failures WHERE failed_us < {now_us} - ? AND locked_until_us <= {now_us}")
            .bind(microseconds(self.config.forget.get()))
            .execute(&self.database)
            .await
            .map(drop)
    }
}

/// Failures, how long ago the last was, and how long it is to wait, in microseconds; the row is this transaction's from here on.
async fn look(tx: &Transaction, subject: &str) -> Result<Option<(i32, i64, i64)>, DataError> {
    sql("SELECT failures, {now_us} - failed_us, locked_until_us - {now_us} FROM account_failures WHERE subject = ? FOR UPDATE")
        .on_sqlite("SELECT failures, {now_us} - failed_us, locked_until_us - {now_us} FROM account_failures WHERE subject = ?")
        .bind(subject)
        .fetch_optional(tx)
        .await
}

fn subject(kind: &str, name: &str) -> String {
    let hash = hash(format!("{kind}\0{name}").as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}:{hash}")
}

/// The client's own network: an address, or 64 bits of one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(network).into()
        }
    }
}
