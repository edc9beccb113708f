use std::fmt;

use seaworthy_core::{Error, Secret};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    hash::PasswordHash,
    pool::{Done, PasswordCheck, Passwords, Task},
};

/// A reserved password hash. Dropping it returns the reservation.
#[must_use = "dropping it returns the reservation"]
pub struct PasswordReservation {
    passwords: Passwords,
    _place: OwnedSemaphorePermit,
}

impl PasswordReservation {
    pub(super) fn new(passwords: Passwords, place: OwnedSemaphorePermit) -> Self {
        Self {
            passwords,
            _place: place,
        }
    }

    /// As [`Passwords::hash`].
    ///
    /// # Errors
    /// 503 with `Retry-After` if the queue is full of cancelled hashes.
    pub async fn hash(&self, password: Secret<String>) -> Result<PasswordHash, Error> {
        match self.passwords.ask(Task::Hash(password)).await? {
            Done::Hash(hash) => Ok(hash),
            Done::Check(_) => Err(Error::internal("a check where a hash was asked for")),
        }
    }

    /// As [`Passwords::verify`].
    ///
    /// # Errors
    /// 503 with `Retry-After` if the queue is full of cancelled hashes, and 500 if the stored hash is
    /// malformed.
    pub async fn verify(
        &self,
        password: Secret<String>,
        stored: Option<&str>,
    ) -> Result<PasswordCheck, Error> {
        let stored = stored
            .map(PasswordHash::parse)
            .transpose()
            .map_err(Error::internal)?;
        let task = Task::Verify {
            password,
            is_account: stored.is_some(),
            stored: stored.unwrap_or_else(|| self.passwords.absent()),
        };
        match self.passwords.ask(task).await? {
            Done::Check(check) => Ok(check),
            Done::Hash(_) => Err(Error::internal("a hash where a check was asked for")),
        }
    }
}

impl fmt::Debug for PasswordReservation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordReservation")
    }
}
