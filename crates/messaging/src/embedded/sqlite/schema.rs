use sqlx::SqlitePool;

use super::down;
use crate::transport::TransportError;

/// The version of the schema.
const VERSION: i64 = 1;

const TABLES: [&str; 6] = [
    "CREATE TABLE IF NOT EXISTS broker_bindings (
        topic TEXT NOT NULL,
        group_name TEXT NOT NULL,
        PRIMARY KEY (topic, group_name)
    ) STRICT, WITHOUT ROWID",
    // The bindings of publishers, which restore them with each message. Programs of earlier
    // versions ignore this table, so the version of the schema stays the same.
    "CREATE TABLE IF NOT EXISTS broker_required_bindings (
        topic TEXT NOT NULL,
        group_name TEXT NOT NULL,
        PRIMARY KEY (topic, group_name)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS broker_messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        group_name TEXT NOT NULL,
        topic TEXT NOT NULL,
        partition_key TEXT,
        headers TEXT NOT NULL,
        payload BLOB NOT NULL,
        deliveries INTEGER NOT NULL DEFAULT 0,
        holder TEXT,
        lease_until INTEGER NOT NULL DEFAULT 0
    ) STRICT",
    "CREATE INDEX IF NOT EXISTS broker_messages_by_group ON broker_messages (group_name, seq)",
    "CREATE INDEX IF NOT EXISTS broker_messages_held ON broker_messages (group_name, partition_key) WHERE holder IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS broker_dead_letters (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        id TEXT NOT NULL,
        headers TEXT NOT NULL,
        payload BLOB NOT NULL
    ) STRICT",
];
const DEAD_LETTERS_BY_TOPIC: &str =
    "CREATE INDEX IF NOT EXISTS broker_dead_letters_by_topic ON broker_dead_letters (topic, seq)";

/// Creates the tables.
///
/// # Errors
/// [`TransportError`] if the file has a later version of the schema.
pub(super) async fn prepare(pool: &SqlitePool) -> Result<(), TransportError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(down)?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *transaction)
        .await
        .map_err(down)?;
    if found > VERSION {
        return Err(TransportError::rejected(format!(
            "the broker file has schema version {found}, but this program supports version {VERSION}"
        )));
    }
    for statement in TABLES
        .into_iter()
        .chain([DEAD_LETTERS_BY_TOPIC, "PRAGMA user_version = 1"])
    {
        sqlx::query(statement)
            .execute(&mut *transaction)
            .await
            .map_err(down)?;
    }
    transaction.commit().await.map_err(down)
}
