use std::net::IpAddr;

use seaworthy_core::network_of;
use seaworthy_data::{Connection, DataError, Database};
use seaworthy_service::Worker;
use tracing::warn;

use super::{
    LockoutConfig, LockoutError,
    failures::{Kind, count, forget, purge, subject, take_back},
};
use crate::{KnownDevice, purge::purge_worker};

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
    /// The account, or the account on a known device.
    account: String,
    address: Option<String>,
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
    /// [`LockoutError::Locked`] while it has to wait; the same for an account that does not exist. What is refused is not counted, neither of the account nor of the address.
    pub async fn attempt(
        &self,
        account: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt, LockoutError> {
        let attempt = Attempt {
            account: subject(Kind::Account, account),
            address: address.map(|address| subject(Kind::Ip, &network_of(address).to_string())),
        };
        let counted = self
            .database
            .transaction(|tx| {
                let (account, address) = (attempt.account.clone(), attempt.address.clone());
                async move {
                    let after = Some(self.config.reset_after.get());
                    // Always in this order, so that two do not wait for each other. A refusal rolls back what was counted before it: whoever is behind a busy address locks no account.
                    count(&tx, &account, &self.config.account, after).await?;
                    if let Some(address) = address {
                        count(&tx, &address, &self.config.ip, after).await?;
                    }
                    Ok::<_, LockoutError>(())
                }
            })
            .await;
        if let Err(LockoutError::Locked { retry_after }) = &counted {
            warn!(
                seconds = retry_after.as_secs(),
                "an attempt to log in was refused: too many have failed"
            );
        }
        counted.map(|()| attempt)
    }

    /// Counts an attempt from a device that has already logged in to the account (OWASP's device
    /// cookies). The device has its own limit, equal to that of an account. Failures from other
    /// devices or from the same address do not delay it, and its failures do not delay others.
    ///
    /// # Errors
    /// [`LockoutError::Locked`] while the device has to wait.
    pub async fn attempt_from(&self, device: &KnownDevice) -> Result<Attempt, LockoutError> {
        let attempt = Attempt {
            account: subject(Kind::Device, &device.subject()),
            address: None,
        };
        let counted = self
            .database
            .transaction(|tx| {
                let device = attempt.account.clone();
                async move {
                    let after = Some(self.config.reset_after.get());
                    count(&tx, &device, &self.config.account, after).await
                }
            })
            .await;
        if let Err(LockoutError::Locked { retry_after }) = &counted {
            warn!(
                seconds = retry_after.as_secs(),
                "an attempt to log in from a known device was refused: too many have failed"
            );
        }
        counted.map(|()| attempt)
    }

    /// Takes back what was counted for an attempt that succeeded: the account's whole count, and one of the address, which others may share with an attacker.
    ///
    /// # Errors
    /// The database's.
    pub async fn record_success(&self, attempt: Attempt) -> Result<(), DataError> {
        forget(&self.database, &attempt.account).await?;
        match &attempt.address {
            Some(address) => take_back(&self.database, address).await,
            None => Ok(()),
        }
    }

    /// Takes back an attempt that came to nothing: whether it would have succeeded was not found out.
    ///
    /// # Errors
    /// The database's.
    pub async fn withdraw(&self, attempt: Attempt) -> Result<(), DataError> {
        for subject in [Some(&attempt.account), attempt.address.as_ref()]
            .into_iter()
            .flatten()
        {
            take_back(&self.database, subject).await?;
        }
        Ok(())
    }

    /// Lets an account try again at once, in the transaction in which its owner proved who they are: by the link for a new password, for instance.
    ///
    /// # Errors
    /// The database's.
    pub async fn reset(&self, connection: &dyn Connection, account: &str) -> Result<(), DataError> {
        forget(connection, &subject(Kind::Account, account)).await
    }

    /// The worker that forgets what nobody has tried for longer than the settings say. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge failed logins", self, async |lockout| {
            lockout.purge().await
        })
    }

    /// Deletes a page of failures that are older than the settings say. Returns whether more may be
    /// left.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<bool, DataError> {
        purge(&self.database, self.config.reset_after.get()).await
    }
}
