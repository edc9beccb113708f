use std::fmt;

use seaworthy_core::{Error, Secret};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    hash::PasswordHash,
    pool::{PasswordCheck, Passwords},
    worker::{Task, TaskResult},
};

/// A reserved password hash. Dropping it returns the reservation.
#[must_use = "dropping it returns the reservation"]
pub struct PasswordReservation {
    passwords: Passwords,
    _slot: OwnedSemaphorePermit,
}

impl PasswordReservation {
    pub(super) fn new(passwords: Passwords, slot: OwnedSemaphorePermit) -> Self {
        Self {
            passwords,
            _slot: slot,
        }
    }

    /// As [`Passwords::hash`].
    ///
    /// # Errors
    /// 503 with `Retry-After` if the queue is full of cancelled hashes.
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, Error> {
        match self.passwords.submit(Task::Hash(password)).await? {
            TaskResult::Hash(hash) => Ok(hash),
            TaskResult::Check(_) => Err(Error::internal("a hash task returned a check")),
        }
    }

    /// As [`Passwords::verify`].
    ///
    /// # Errors
    /// 503 with `Retry-After` if the queue is full of cancelled hashes, or if too many
    /// verifications with bcrypt wait.
    pub async fn verify(
        &self,
        password: Secret<String>,
        stored: Option<&str>,
    ) -> Result<PasswordCheck, Error> {
        let stored = match stored.map(PasswordHash::parse) {
            Some(Err(error)) => {
                tracing::error!(%error, "a password is rejected because its stored hash is unusable");
                None
            }
            Some(Ok(hash)) => Some(hash),
            None => None,
        };
        let task = Task::Verify {
            password,
            is_account: stored.is_some(),
            stored: stored.unwrap_or_else(|| self.passwords.absent()),
        };
        match self.passwords.submit(task).await? {
            TaskResult::Check(check) => Ok(check),
            TaskResult::Hash(_) => Err(Error::internal("a verify task returned a hash")),
        }
    }
}

impl fmt::Debug for PasswordReservation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordReservation")
    }
}
