use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::Timeout;
use seaworthy_service::lease::{FencingToken, LeaseError, LeaseStore};

use crate::{DataError, Database, Migration, MigrationSet, sql};

/// The table of [`DatabaseLeases`]: add this set to the service's own.
pub const LEASE_MIGRATIONS: MigrationSet = MigrationSet::of_part(
    "leases",
    &[Migration::new(
        1,
        "leases",
        include_str!("../migrations/0001_leases.up.sql"),
        include_str!("../migrations/0001_leases.down.sql"),
    )],
);

/// Leases in the database of the service, by its clock (WORK-2). They last as well as its other data do, a replica that takes over included where that is so.
///
/// A row per name stays for good: its token is what makes the next one higher.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use seaworthy_data::{Database, DatabaseLeases};
/// # use seaworthy_service::{Schedule, Worker, lease::LeaseConfig};
/// # fn example(database: &Database) -> Worker {
/// let leases = Arc::new(DatabaseLeases::new(database.clone()));
/// Worker::new("reconcile", Schedule::Continuous, |run| async move {
///     run.stop.requested().await;
///     Ok(())
/// })
/// .singleton(leases, LeaseConfig::default())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DatabaseLeases(Database);

impl DatabaseLeases {
    /// Leases in this database, whose migrations hold [`LEASE_MIGRATIONS`].
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    async fn take(
        &self,
        name: &str,
        holder: &str,
        duration: Timeout,
    ) -> Result<Option<FencingToken>, DataError> {
        let microseconds = i64::try_from(duration.get().as_micros()).unwrap_or(i64::MAX / 2);
        // MySQL assigns from left to right: what depends on the old holder comes first.
        let updated = sql(
            "UPDATE leases SET token = CASE WHEN holder = ? AND until_us > {now_us} THEN token ELSE token + 1 END,
                    holder = ?, until_us = {now_us} + ?
             WHERE name = ? AND (holder = ? OR until_us <= {now_us})",
        )
        .bind(holder)
        .bind(holder)
        .bind(microseconds)
        .bind(name)
        .bind(holder)
        .execute(&self.0)
        .await?;
        if updated.rows_affected() == 0 && !self.make(name, holder, microseconds).await? {
            return Ok(None);
        }
        // Nobody else can have it before it ends, so this is the token of the step above.
        let token: Option<(i64,)> =
            sql("SELECT token FROM leases WHERE name = ? AND holder = ? AND until_us > {now_us}")
                .bind(name)
                .bind(holder)
                .fetch_optional(&self.0)
                .await?;
        Ok(token.map(|(token,)| FencingToken(token.unsigned_abs())))
    }

    /// The first holder of a name; `false` where it has had one.
    async fn make(&self, name: &str, holder: &str, microseconds: i64) -> Result<bool, DataError> {
        let made = sql("INSERT INTO leases (name, holder, token, until_us) VALUES (?, ?, 1, {now_us} + ?) ON CONFLICT DO NOTHING")
            .on_mysql("INSERT IGNORE INTO leases (name, holder, token, until_us) VALUES (?, ?, 1, {now_us} + ?)")
            .bind(name)
            .bind(holder)
            .bind(microseconds)
            .execute(&self.0)
            .await?;
        Ok(made.rows_affected() > 0)
    }
}

impl LeaseStore for DatabaseLeases {
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<Option<FencingToken>, LeaseError>> {
        async move {
            let taken = self.take(name, holder, duration).await;
            taken.map_err(LeaseError::new)
        }
        .boxed()
    }

    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        async move {
            sql("UPDATE leases SET until_us = 0 WHERE name = ? AND holder = ?")
                .bind(name)
                .bind(holder)
                .execute(&self.0)
                .await
                .map(drop)
                .map_err(LeaseError::new)
        }
        .boxed()
    }
}
