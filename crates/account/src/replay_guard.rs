use std::time::Duration;

use seaworthy_core::Error;
use seaworthy_data::{DataError, Database, microseconds, purge_worker, sql};
use seaworthy_service::Worker;

use crate::secret_token::hash;

/// Detects replays over all replicas of a service, such as of a callback of an OpenID provider.
/// Cheap to clone.
///
/// Use it for values that contain a signature and an expiry. Verify the signature first, so that
/// clients cannot fill the table. The table stores the SHA-256 of each value.
///
/// ```no_run
/// use std::time::Duration;
///
/// use seaworthy_account::ReplayGuard;
/// use seaworthy_data::Database;
///
/// # async fn example(database: Database) -> Result<(), seaworthy_core::Error> {
/// let guard = ReplayGuard::new(database, "webhook");
/// let is_new = guard.record("delivery-17", Duration::from_secs(300)).await?;
/// # drop(is_new);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ReplayGuard {
    database: Database,
    purpose: &'static str,
}

impl ReplayGuard {
    /// Creates the guard of a purpose, in a database that has the tables of
    /// [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, purpose: &'static str) -> Self {
        Self { database, purpose }
    }

    /// Records a use for `ttl`. Returns whether it is the first one. Of two concurrent calls, one
    /// is the first.
    ///
    /// # Errors
    /// Any error of the database. Reject the value in this case.
    pub async fn record(&self, id: &str, ttl: Duration) -> Result<bool, Error> {
        let use_hash = hash(format!("{}\n{id}", self.purpose).as_bytes());
        let inserted =
            sql("INSERT INTO account_replays (use_hash, until_us) VALUES (?, {now_us} + ?)")
                .bind(use_hash)
                .bind(microseconds(ttl))
                .execute(&self.database)
                .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a use was recorded. It may miss a concurrent use: only [`record`](Self::record)
    /// decides.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn is_used(&self, id: &str) -> Result<bool, Error> {
        let use_hash = hash(format!("{}\n{id}", self.purpose).as_bytes());
        let is_used = sql("SELECT 1 FROM account_replays WHERE use_hash = ?")
            .bind(use_hash)
            .exists(&self.database)
            .await?;
        Ok(is_used)
    }

    /// Returns the worker that deletes expired uses. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge replays", self, async |guard| guard.purge().await)
    }

    /// Deletes a page of expired uses, for every purpose. Returns whether more may be left.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn purge(&self) -> Result<bool, DataError> {
        let page = sql("DELETE FROM account_replays WHERE use_hash IN (SELECT use_hash FROM account_replays WHERE until_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_replays WHERE until_us <= {now_us} LIMIT ?");
        page.delete_page(&self.database).await
    }
}
