use seaworthy_core::Error;
use seaworthy_data::{Connection, DataError, Database};
use tracing::warn;

use crate::{
    LockoutError, LockoutLimit,
    lockout::failures::{self, Kind},
};

/// Counts the codes that were wrong, by user. The count of passwords is another one: it ends with each that is right, and would bound nothing for whoever knows the password.
#[derive(Clone)]
pub(super) struct Guesses {
    database: Database,
    limit: LockoutLimit,
}

impl Guesses {
    pub(super) const fn new(database: Database, limit: LockoutLimit) -> Self {
        Self { database, limit }
    }

    /// Looks at a code after it was counted as wrong. `Some` is what a right one gives.
    pub(super) async fn counted<T>(
        &self,
        user: &str,
        look: impl Future<Output = Result<Option<T>, Error>> + Send,
    ) -> Result<Option<T>, Error> {
        self.count(user).await?;
        let found = look.await;
        let database = &self.database;
        match &found {
            // What a right one gives may be given once only: a count that stays is the smaller harm.
            Ok(Some(_)) => {
                if let Err(error) = self.forget(database, user).await {
                    warn!(user, %error, "wrong codes stay counted after a right one");
                }
            }
            Ok(None) => {}
            // Nobody has found out whether it is right. What cannot be taken back stays, and the error that matters is the first.
            Err(_) => drop(failures::take_back(database, &subject(user)).await),
        }
        found
    }

    async fn count(&self, user: &str) -> Result<(), LockoutError> {
        let counted = self
            .database
            .transaction(|tx| async move {
                // Time alone forgives nothing: it would be more guesses for whoever waits.
                failures::count(&tx, &subject(user), &self.limit, None).await
            })
            .await;
        if let Err(LockoutError::Locked { retry_after }) = &counted {
            warn!(
                user,
                seconds = retry_after.as_secs(),
                "a second factor was refused: too many codes were wrong"
            );
        }
        counted
    }

    pub(super) async fn forget(
        &self,
        connection: &dyn Connection,
        user: &str,
    ) -> Result<(), DataError> {
        failures::forget(connection, &subject(user)).await
    }
}

fn subject(user: &str) -> String {
    failures::subject(Kind::Code, user)
}
