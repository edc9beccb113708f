use std::{path::Path, time::Duration};

use seaworthy::{
    contract::idempotency::{IdempotencyConfig, SqliteStore},
    prelude::*,
};
use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

use crate::config::StoreConfig;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long one writer waits for another: longer than any transaction here takes, shorter than a call may.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The symbols in one SQLite file.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(super) pool: SqlitePool,
    keys: SqliteStore,
}

impl Store {
    /// Opens the file and brings its tables up to date.
    pub(crate) async fn open(settings: &StoreConfig) -> Result<Self, sqlx::Error> {
        let options: SqliteConnectOptions = settings.url.parse()?;
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        if let Some(folder) = options
            .get_filename()
            .parent()
            .filter(|f| *f != Path::new(""))
        {
            std::fs::create_dir_all(folder)?;
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(settings.connections)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await?;
        let keys = SqliteStore::open(pool.clone(), &IdempotencyConfig::default()).await?;
        Ok(Self { pool, keys })
    }

    /// The idempotency keys, in the same file.
    pub(crate) fn keys(&self) -> SqliteStore {
        self.keys.clone()
    }

    /// Asks whether the file still answers.
    pub(crate) fn probe(&self) -> Probe {
        let pool = self.pool.clone();
        Probe::critical("store", move || {
            let pool = pool.clone();
            async move {
                match sqlx::query("SELECT 1 FROM symbols LIMIT 1")
                    .execute(&pool)
                    .await
                {
                    Ok(_) => Ok(()),
                    Err(error) => Err(CheckFailure::new(error.to_string())),
                }
            }
        })
    }
}
