use std::num::NonZeroU32;

use futures::{FutureExt as _, future::BoxFuture};
use seaworthy_core::Timeout;
use seaworthy_service::lease::{FencingToken, LeaseError, LeaseStore};

use crate::{
    DataError, Database, DatabaseUrl, Engine, Migration, MigrationSet, Migrator,
    connection::Connection as _, microseconds, sql,
};

/// The suffix of the lease file. SQLite names its own files in the same way.
const SUFFIX: &str = "-leases";
/// Connections to the lease file: one acquires a lease while the other renews a lease.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// The migrations of [`DatabaseLeases`]. Add this set to those of the service.
pub const LEASE_MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "leases",
    &[Migration::new(
        1,
        "leases",
        include_str!("../migrations/0001_leases.up.sql"),
        include_str!("../migrations/0001_leases.down.sql"),
    )],
);

/// Leases in the database of the service (WORK-2). They expire by the clock of the database, and
/// are as durable as its other data.
///
/// The store never deletes the row of a name, because the next token must be higher.
///
/// SQLite has one writer at a time, so a transaction of the holder would block its own renewals. On
/// SQLite the leases are therefore in a separate file next to the database, `<file>-leases`. The
/// first use creates it.
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
    /// Creates a store of leases. The migrations of the database must contain [`LEASE_MIGRATIONS`].
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    /// Returns the database that stores the leases.
    async fn store(&self) -> Result<&Database, DataError> {
        if self.0.engine() != Engine::Sqlite {
            return Ok(&self.0);
        }
        self.0
            .0
            .leases
            .get_or_try_init(|| open_lease_file(&self.0))
            .await
    }

    async fn take(
        &self,
        name: &str,
        holder: &str,
        duration: Timeout,
    ) -> Result<Option<FencingToken>, DataError> {
        let store = self.store().await?;
        // MySQL assigns from left to right, so the token comes before the holder.
        let updated = sql(
            "UPDATE leases SET token = CASE WHEN holder = ? AND until_us > {now_us} THEN token ELSE token + 1 END,
                    holder = ?, until_us = {now_us} + ?
             WHERE name = ? AND (holder = ? OR until_us <= {now_us})",
        )
        .bind(holder)
        .bind(holder)
        .bind(microseconds(duration.get()))
        .bind(name)
        .bind(holder)
        .execute(store)
        .await?;
        if updated.rows_affected() == 0 && !insert(store, name, holder, duration).await? {
            return Ok(None);
        }
        // No other holder can acquire the lease before it expires, so this is the token of the
        // statement above.
        let token: Option<(i64,)> =
            sql("SELECT token FROM leases WHERE name = ? AND holder = ? AND until_us > {now_us}")
                .bind(name)
                .bind(holder)
                .fetch_optional(store)
                .await?;
        Ok(token.map(|(token,)| FencingToken(token.unsigned_abs())))
    }

    async fn extend(
        &self,
        name: &str,
        holder: &str,
        token: FencingToken,
        duration: Timeout,
    ) -> Result<bool, DataError> {
        let store = self.store().await?;
        let renewed = sql("UPDATE leases SET until_us = {now_us} + ?
             WHERE name = ? AND holder = ? AND token = ? AND until_us > {now_us}")
        .bind(microseconds(duration.get()))
        .bind(name)
        .bind(holder)
        .bind(token.0.cast_signed())
        .execute(store)
        .await?;
        Ok(renewed.rows_affected() > 0)
    }
}

/// Inserts the first holder of a name. Returns `false` if the name exists.
///
/// On SQLite the first token is the time in seconds, so tokens grow even if the file was lost.
async fn insert(
    store: &Database,
    name: &str,
    holder: &str,
    duration: Timeout,
) -> Result<bool, DataError> {
    let inserted = sql("INSERT INTO leases (name, holder, token, until_us) VALUES (?, ?, 1, {now_us} + ?) ON CONFLICT DO NOTHING")
        .on_mysql("INSERT IGNORE INTO leases (name, holder, token, until_us) VALUES (?, ?, 1, {now_us} + ?)")
        .on_sqlite("INSERT INTO leases (name, holder, token, until_us) VALUES (?, ?, {now_us} / 1000000, {now_us} + ?) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(holder)
        .bind(microseconds(duration.get()))
        .execute(store)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

/// Opens a separate database for the leases of an SQLite database.
async fn open_lease_file(database: &Database) -> Result<Database, DataError> {
    let mut config = database.config().clone();
    if let Some(file) = config.url.file() {
        config.url = DatabaseUrl::from_path(&format!("{}{SUFFIX}", file.display()));
    }
    config.replicas.clear();
    config.pool.max_connections = CONNECTIONS;
    config.pool.min_connections = 0;
    let store = Database::builder(&format!("{}{SUFFIX}", database.name()), config).make()?;
    Migrator::new(&store, &[LEASE_MIGRATIONS]).up(false).await?;
    Ok(store)
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

    fn renew<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
        duration: Timeout,
    ) -> BoxFuture<'a, Result<bool, LeaseError>> {
        async move {
            let renewed = self.extend(name, holder, token, duration).await;
            renewed.map_err(LeaseError::new)
        }
        .boxed()
    }

    fn release<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        token: FencingToken,
    ) -> BoxFuture<'a, Result<(), LeaseError>> {
        async move {
            let store = self.store().await.map_err(LeaseError::new)?;
            sql("UPDATE leases SET until_us = 0 WHERE name = ? AND holder = ? AND token = ?")
                .bind(name)
                .bind(holder)
                .bind(token.0.cast_signed())
                .execute(store)
                .await
                .map(drop)
                .map_err(LeaseError::new)
        }
        .boxed()
    }
}
