use std::time::Duration;

use data_encoding::HEXLOWER;
use seaworthy_core::new_id;
use seaworthy_data::{
    Connection, DataError, Database, FromRow, Migration, MigrationSet, Row,
    chrono::{DateTime, Utc},
    sql,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Algorithm, CryptoError, DataKey, KeyId, WrappedKey, derive_key};

/// The tables of [`DataKeys`](crate::DataKeys). Add the set to the migrations of the service, with
/// [`LEASE_MIGRATIONS`](seaworthy_data::LEASE_MIGRATIONS).
pub const KEY_MIGRATIONS: MigrationSet = MigrationSet::for_part(
    "data_keys",
    &[Migration::new(
        1,
        "data_keys",
        include_str!("../../migrations/0001_data_keys.up.sql"),
        include_str!("../../migrations/0001_data_keys.down.sql"),
    )],
);

/// The status of a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataKeyStatus {
    /// Encrypts new values.
    Active,
    /// Decrypts only. It was replaced early.
    Inactive,
    /// Decrypts only. It was replaced after its expiry.
    Expired,
    /// Neither encrypts nor decrypts. An operator sets this status in the table.
    Revoked,
}

impl DataKeyStatus {
    /// Returns the text in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Expired, Self::Revoked]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A row of the table of data keys.
#[derive(Debug, Clone)]
pub(super) struct StoredKey {
    pub(super) version: KeyId,
    pub(super) algorithm: Algorithm,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) key_hash: String,
    pub(super) status: DataKeyStatus,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) metadata: Metadata,
}

/// The metadata of a row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    /// The name of the root key. The legacy service has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root: Option<String>,
    /// Since when no value needs the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unreferenced_since: Option<DateTime<Utc>>,
}

impl Metadata {
    pub(super) fn of_root(root: &KeyId) -> Self {
        Self {
            root: Some(root.to_string()),
            unreferenced_since: None,
        }
    }

    fn document(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|_| json!({}))
    }
}

impl FromRow for StoredKey {
    fn from_row(row: &Row) -> Result<Self, DataError> {
        let (version, algorithm): (String, String) = (row.get("version")?, row.get("algorithm")?);
        let status: String = row.get("status")?;
        let metadata: Value = row.get("metadata")?;
        let unreadable = || DataError::unexpected_value("a row of kms_data_keys cannot be read");
        Ok(Self {
            version: KeyId::new(&version).map_err(|_| unreadable())?,
            algorithm: algorithm.parse().map_err(|_: CryptoError| unreadable())?,
            encrypted_key: row.get("encrypted_key")?,
            key_hash: row.get("key_hash")?,
            status: DataKeyStatus::parse(&status).ok_or_else(unreadable)?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            metadata: serde_json::from_value(metadata).unwrap_or_default(),
        })
    }
}

/// Returns the hash of a key, which binds it to its version and algorithm.
pub(super) fn key_hash(key: &DataKey, version: &str, algorithm: &str) -> String {
    let purpose = format!("hash of data key {version} {algorithm}");
    HEXLOWER.encode(derive_key(key.expose(), &purpose).expose())
}

pub(super) async fn all(connection: &dyn Connection) -> Result<Vec<StoredKey>, DataError> {
    sql("SELECT version, algorithm, encrypted_key, key_hash, status, created_at, expires_at, metadata
         FROM kms_data_keys ORDER BY created_at, version")
        .fetch_all(connection)
        .await
}

/// Inserts the active key in place of the key of `previous`. Returns `false` if another replica was
/// faster.
pub(super) async fn activate(
    database: &Database,
    key: &StoredKey,
    previous: Option<&KeyId>,
) -> Result<bool, DataError> {
    let tx = database.begin().await?;
    if let Some(previous) = previous {
        let now = Utc::now();
        let replaced = sql("UPDATE kms_data_keys SET status = CASE WHEN expires_at <= ? THEN 'expired' ELSE 'inactive' END
             WHERE version = ? AND status = 'active'")
            .bind(now)
            .bind(previous.as_str())
            .execute(&tx)
            .await?;
        if replaced.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
    }
    let inserted = sql("INSERT INTO kms_data_keys (id, version, algorithm, encrypted_key, key_hash, status, created_at, activated_at, expires_at, metadata)
         VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)")
        .bind(new_id())
        .bind(key.version.as_str())
        .bind(key.algorithm.as_str())
        .bind(key.encrypted_key.clone())
        .bind(key.key_hash.as_str())
        .bind(key.created_at)
        .bind(key.created_at)
        .bind(key.expires_at)
        .bind(key.metadata.document())
        .execute(&tx)
        .await;
    match inserted {
        Ok(_) => tx.commit().await.map(|()| true),
        Err(error) => {
            tx.rollback().await?;
            if error.is_unique_violation() {
                return Ok(false);
            }
            Err(error)
        }
    }
}

/// Replaces the encrypted form of a key, if it is unchanged. The proof that no value needs the key
/// begins again.
pub(super) async fn replace_root(
    connection: &dyn Connection,
    key: &StoredKey,
    wrapped: &WrappedKey,
    hash: &str,
) -> Result<bool, DataError> {
    let metadata = Metadata::of_root(&wrapped.key_id);
    let done = sql(
        "UPDATE kms_data_keys SET encrypted_key = ?, key_hash = ?, metadata = ?
         WHERE version = ? AND encrypted_key = ?",
    )
    .bind(wrapped.bytes.to_vec())
    .bind(hash)
    .bind(metadata.document())
    .bind(key.version.as_str())
    .bind(key.encrypted_key.clone())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Stores since when no value needs a key, if its encrypted form is unchanged. The metadata names
/// the root key of that form.
pub(super) async fn mark_unreferenced(
    connection: &dyn Connection,
    key: &StoredKey,
    since: Option<DateTime<Utc>>,
) -> Result<(), DataError> {
    let metadata = Metadata {
        unreferenced_since: since,
        ..key.metadata.clone()
    };
    sql("UPDATE kms_data_keys SET metadata = ? WHERE version = ? AND status <> 'active' AND encrypted_key = ?")
        .bind(metadata.document())
        .bind(key.version.as_str())
        .bind(key.encrypted_key.clone())
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn delete(
    connection: &dyn Connection,
    version: &KeyId,
) -> Result<bool, DataError> {
    let done = sql("DELETE FROM kms_data_keys WHERE version = ? AND status <> 'active'")
        .bind(version.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Returns the end of a duration that starts at the current time.
pub(super) fn after(start: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    seaworthy_data::chrono::Duration::from_std(duration)
        .ok()
        .and_then(|duration| start.checked_add_signed(duration))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
