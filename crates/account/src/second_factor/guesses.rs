use seaworthy_core::Error;
use seaworthy_data::{Connection, DataError, Database};
use tracing::warn;

use crate::{
    KnownDevice, LockoutError, LockoutLimit,
    lockout::failures::{self, Failure, Kind},
};

/// Counts wrong codes. The count is separate from that of failed logins: a correct password resets
/// the other count, and an attacker who guesses codes has the password.
#[derive(Clone)]
pub(super) struct Guesses {
    database: Database,
    limit: LockoutLimit,
}

/// The origin of a code. Each origin has its own count.
#[derive(Debug, Clone, Copy)]
pub(super) enum CodeOrigin<'a> {
    /// Any device. All devices share the count of the user.
    User(&'a str),
    /// A device on which the user has logged in.
    Device(&'a KnownDevice),
}

impl<'a> CodeOrigin<'a> {
    pub(super) fn user(self) -> &'a str {
        match self {
            Self::User(user) => user,
            Self::Device(device) => device.user(),
        }
    }

    fn subject(self) -> String {
        match self {
            Self::User(user) => failures::subject(Kind::Code, user),
            Self::Device(device) => failures::subject(Kind::DeviceCode, &device.subject()),
        }
    }
}

impl Guesses {
    pub(super) const fn new(database: Database, limit: LockoutLimit) -> Self {
        Self { database, limit }
    }

    /// Counts a wrong code and then runs `check`, which returns `Some` for a correct one. A correct
    /// code resets the count of its origin.
    pub(super) async fn count_and_check<T>(
        &self,
        origin: CodeOrigin<'_>,
        check: impl Future<Output = Result<Option<T>, Error>> + Send,
    ) -> Result<Option<T>, Error> {
        let failure = self.count(origin).await?;
        let checked = check.await;
        match &checked {
            // The code is used up, so an error would make the login fail. A count that is not
            // reset does less harm.
            Ok(Some(_)) => {
                if let Err(error) = failures::delete_count(&self.database, &origin.subject()).await
                {
                    warn!(user = origin.user(), %error, "the count of wrong codes could not be reset after a correct code");
                }
            }
            Ok(None) => {}
            // The code was not compared. If the count cannot be reduced, the caller gets the first
            // error.
            Err(_) => drop(failures::subtract(&self.database, &origin.subject(), failure).await),
        }
        checked
    }

    async fn count(&self, origin: CodeOrigin<'_>) -> Result<Failure, LockoutError> {
        let counted = self
            .database
            .transaction(|tx| async move {
                // Time alone does not reset the count: an attacker who waits would get more
                // guesses.
                failures::count(&tx, &origin.subject(), &self.limit, None).await
            })
            .await;
        if let Err(LockoutError::Locked { retry_after }) = &counted {
            warn!(
                user = origin.user(),
                retry_after_ms = retry_after.as_millis(),
                "a code of a second factor was rejected unchecked after too many wrong codes"
            );
        }
        counted
    }

    /// Resets the count of a user. The counts of known devices stay. Returns whether there were
    /// wrong codes.
    pub(super) async fn reset(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<bool, DataError> {
        failures::delete_count(connection, &CodeOrigin::User(user).subject()).await
    }
}
