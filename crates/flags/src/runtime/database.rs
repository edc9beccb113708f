use futures::future::BoxFuture;
use seaworthy_audit_log::{AppendError, AuditEntry, AuditLog};
use seaworthy_data::{DataError, Database, Migration, MigrationSet, Transaction, sql};

use super::{
    state::{Change, RuntimeState},
    store::{RuntimeStore, StoreError},
};

/// The maximum size of a definition in the audit log, in bytes.
const MAX_LOGGED: usize = 2_000;

/// The migrations of [`DatabaseStore`]. Add this set to those of the service.
pub const MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "feature_flags",
    &[Migration::new(
        1,
        "flags",
        include_str!("../../migrations/0001_flags.up.sql"),
        include_str!("../../migrations/0001_flags.down.sql"),
    )],
);

/// Stores changes in the database of the service, for all its replicas.
///
/// ```no_run
/// # use seaworthy_audit_log::AuditLog;
/// # use seaworthy_data::Database;
/// use seaworthy_flags::{DatabaseStore, Flags, FlagsConfig};
///
/// # fn example(database: Database, log: AuditLog) {
/// let store = DatabaseStore::new(database, "orders").audit_log(log);
/// let builder = Flags::builder(&FlagsConfig::default()).store(store);
/// # drop(builder);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DatabaseStore {
    database: Database,
    name: String,
    log: Option<AuditLog>,
}

impl DatabaseStore {
    /// Creates a store. `name` separates services that share a database. Its migrations must
    /// contain [`MIGRATIONS`].
    #[must_use]
    pub fn new(database: Database, name: impl Into<String>) -> Self {
        Self {
            database,
            name: name.into(),
            log: None,
        }
    }

    /// Appends each change to an audit log of the same database, in the transaction of the change.
    #[must_use]
    pub fn audit_log(mut self, log: AuditLog) -> Self {
        self.log = Some(log);
        self
    }

    async fn read(&self, known: u64) -> Result<Option<RuntimeState>, StoreError> {
        let row: Option<(i64, Vec<u8>)> =
            sql("SELECT version, state FROM feature_flag_changes WHERE name = ? AND version <> ?")
                .bind(self.name.as_str())
                .bind(known.cast_signed())
                .fetch_optional(&self.database)
                .await
                .map_err(StoreError::new)?;
        let state = row.map(|(_, state)| serde_json::from_slice(&state));
        state.transpose().map_err(StoreError::new)
    }

    async fn write(
        &self,
        tx: &Transaction,
        state: &RuntimeState,
        document: &[u8],
        change: &Change,
    ) -> Result<bool, WriteError> {
        let version = state.version.cast_signed();
        let updated = sql(
            "UPDATE feature_flag_changes SET version = ?, state = ? WHERE name = ? AND version = ?",
        )
        .bind(version)
        .bind(document)
        .bind(self.name.as_str())
        .bind(version.saturating_sub(1))
        .execute(tx)
        .await?;
        let mut is_written = updated.rows_affected() > 0;
        if !is_written && state.version == 1 {
            let inserted =
                sql("INSERT INTO feature_flag_changes (name, version, state) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
                    .on_mysql("INSERT IGNORE INTO feature_flag_changes (name, version, state) VALUES (?, ?, ?)")
                    .bind(self.name.as_str())
                    .bind(version)
                    .bind(document)
                    .execute(tx)
                    .await?;
            is_written = inserted.rows_affected() > 0;
        }
        if let (true, Some(log)) = (is_written, &self.log) {
            log.append(tx, entry(change)).await?;
        }
        Ok(is_written)
    }
}

/// Returns the entry of a change for the audit log.
fn entry(change: &Change) -> AuditEntry {
    let text = |value: &serde_json::Value| {
        let mut text = value.to_string();
        text.truncate(text.floor_char_boundary(MAX_LOGGED));
        text
    };
    AuditEntry::new(change.action.as_str())
        .target("flag", change.key.as_str())
        .actor(change.actor.as_str())
        .detail("reason", change.reason.as_str())
        .detail("before", text(&change.before))
        .detail("after", text(&change.after))
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl RuntimeStore for DatabaseStore {
    fn load(&self, known: u64) -> BoxFuture<'_, Result<Option<RuntimeState>, StoreError>> {
        Box::pin(self.read(known))
    }

    fn save<'a>(
        &'a self,
        state: &'a RuntimeState,
        change: &'a Change,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let document = serde_json::to_vec(state).map_err(StoreError::new)?;
            let saved = self.database.transaction(|tx| {
                let document = document.clone();
                async move { self.write(&tx, state, &document, change).await }
            });
            saved.await.map_err(StoreError::new)
        })
    }
}
