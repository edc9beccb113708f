use std::time::Duration;

use seaworthy_core::Error;
use seaworthy_data::{DataError, Database, sql};
use seaworthy_service::Worker;

use crate::{
    microseconds,
    purge::{delete_page, purge_worker},
    secret_token::hash,
};

/// Remembers what was used once, over all replicas of a service: a login that came back from a provider, a signed request. Cheap to clone.
///
/// It is for what carries its own proof and its own end and lacks only that it counts once; so nothing is stored until somebody brings what is good. What is brought is stored as
/// its SHA-256.
#[derive(Debug, Clone)]
pub struct ReplayGuard {
    database: Database,
    purpose: &'static str,
}

impl ReplayGuard {
    /// What is used for a purpose, in this database, whose migrations hold [`MIGRATIONS`](crate::MIGRATIONS).
    #[must_use]
    pub const fn new(database: Database, purpose: &'static str) -> Self {
        Self { database, purpose }
    }

    /// Whether this is the first use, of which nobody has a second while `life` lasts. Of two at once one is the first.
    ///
    /// # Errors
    /// The database's; then it must not count.
    pub async fn record(&self, id: &str, life: Duration) -> Result<bool, Error> {
        let known_by = hash(format!("{}\n{id}", self.purpose).as_bytes());
        let inserted =
            sql("INSERT INTO account_replays (use_hash, until_us) VALUES (?, {now_us} + ?)")
                .bind(known_by)
                .bind(microseconds(life))
                .execute(&self.database)
                .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it was used, as far as that is known: a use at the same moment may not be seen. Only [`is_first`](Self::is_first) decides.
    ///
    /// # Errors
    /// The database's.
    pub async fn is_used(&self, id: &str) -> Result<bool, Error> {
        let known_by = hash(format!("{}\n{id}", self.purpose).as_bytes());
        let used: Option<(i64,)> = sql("SELECT 1 FROM account_replays WHERE use_hash = ?")
            .bind(known_by)
            .fetch_optional(&self.database)
            .await?;
        Ok(used.is_some())
    }

    /// The worker that forgets what could not be used any more. It may run on every replica.
    #[must_use]
    pub fn purge_worker(&self) -> Worker {
        purge_worker("purge replays", self, async |guard| guard.purge().await)
    }

    /// Deletes a page of expired uses, for every purpose. Returns whether more may be left.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self) -> Result<bool, DataError> {
        let page = sql("DELETE FROM account_replays WHERE use_hash IN (SELECT use_hash FROM account_replays WHERE until_us <= {now_us} LIMIT ?)")
                .on_mysql("DELETE FROM account_replays WHERE until_us <= {now_us} LIMIT ?");
        delete_page(&self.database, page).await
    }
}
