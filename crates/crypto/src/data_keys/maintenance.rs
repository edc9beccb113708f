use std::collections::BTreeMap;

use seaworthy_core::{Error, Lifetime};
use seaworthy_data::{Database, chrono::Utc};
use serde::Serialize;

use super::{
    DataKeyStatus, DataKeys,
    table::{self, StoredKey, key_hash},
};
use crate::{CryptoError, EncryptedColumn, KeyId, rewrap::keys_in_use};

/// The status of the keys.
#[derive(Debug, Clone, Serialize)]
pub struct KeysStatus {
    /// The cipher of new values.
    pub algorithm: String,
    /// How long a key encrypts new values.
    pub rotate_interval: Lifetime,
    /// The version of the active key.
    pub active_key_version: Option<String>,
    /// RFC 3339.
    pub active_key_expiry: Option<String>,
    /// The numbers of keys.
    pub key_statistics: KeyStatistics,
    /// All data keys, oldest first.
    pub keys: Vec<DataKeyReport>,
}

/// The numbers of data keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeyStatistics {
    /// All keys.
    pub total: usize,
    /// The key that encrypts new values.
    pub active: usize,
    /// Keys after their expiry. They still decrypt.
    pub expired: usize,
}

/// A data key, without the key.
#[derive(Debug, Clone, Serialize)]
pub struct DataKeyReport {
    /// The version.
    pub version: String,
    /// The cipher.
    pub algorithm: String,
    /// The status.
    pub status: DataKeyStatus,
    /// The name of the root key. `None` for a key of the legacy service.
    pub root: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub expires_at: String,
}

/// The result of a deletion for a data key that is not active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// The version.
    pub version: String,
    /// The number of values that need the key.
    pub values: u64,
    /// Whether the key was deleted.
    pub deleted: bool,
}

impl DataKeys {
    /// Creates and activates a new data key. Returns `false` if another replica did so at the same
    /// time.
    ///
    /// # Errors
    /// The database or the root key is not available.
    pub async fn rotate(&self) -> Result<bool, CryptoError> {
        let active = self.read(false).await?.active.clone();
        let is_rotated = self.activate_new(active.as_ref()).await?;
        self.read(false).await?;
        Ok(is_rotated)
    }

    /// Rotates if the active key has expired. Returns whether it did.
    ///
    /// # Errors
    /// As for [`rotate`](Self::rotate).
    pub async fn rotate_expired(&self) -> Result<bool, CryptoError> {
        let now = Utc::now();
        let stored = table::all(self.store()).await?;
        let is_expired =
            |key: &StoredKey| key.status == DataKeyStatus::Active && key.expires_at <= now;
        let Some(expired) = stored.into_iter().find(is_expired) else {
            return Ok(false);
        };
        let is_rotated = self.activate_new(Some(&expired.version)).await?;
        self.read(false).await?;
        Ok(is_rotated)
    }

    /// Returns all data keys, without the keys.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn status(&self) -> Result<KeysStatus, CryptoError> {
        let stored = table::all(self.store()).await?;
        let now = Utc::now();
        let is_active = |key: &&StoredKey| key.status == DataKeyStatus::Active;
        let active = stored.iter().find(is_active);
        let active_key_version = active.map(|key| key.version.to_string());
        let active_key_expiry = active.map(|key| key.expires_at.to_rfc3339());
        let key_statistics = KeyStatistics {
            total: stored.len(),
            active: stored.iter().filter(is_active).count(),
            expired: stored.iter().filter(|key| key.expires_at <= now).count(),
        };
        let report = |key: StoredKey| DataKeyReport {
            version: key.version.to_string(),
            algorithm: key.algorithm.to_string(),
            status: key.status,
            root: key.metadata.root,
            created_at: key.created_at.to_rfc3339(),
            expires_at: key.expires_at.to_rfc3339(),
        };
        Ok(KeysStatus {
            algorithm: self.0.config.algorithm.to_string(),
            rotate_interval: self.0.config.rotate_interval,
            active_key_version,
            active_key_expiry,
            key_statistics,
            keys: stored.into_iter().map(report).collect(),
        })
    }

    /// Logs the numbers of data keys. A growing number means that values need a rewrap.
    pub(super) async fn report(&self) -> Result<(), CryptoError> {
        let status = self.status().await?;
        let KeyStatistics {
            total,
            active,
            expired,
        } = status.key_statistics;
        tracing::info!(total, active, expired, "data keys were checked");
        Ok(())
    }

    /// Encrypts all data keys with the current root key, after a change of the root key. Returns
    /// how many changed.
    ///
    /// # Errors
    /// The database or a root key is not available.
    pub async fn rewrap_root(&self) -> Result<u64, CryptoError> {
        let mut changed = self.rewrap_purposes().await?;
        for stored in table::all(self.store()).await? {
            if stored.status == DataKeyStatus::Revoked {
                continue;
            }
            let (key, wrapped) = self.decrypt(&stored).await?;
            let new = match wrapped {
                Some(wrapped) => self.root().rewrap(&wrapped).await?,
                None => Some(self.root().wrap(&key).await?),
            };
            let Some(new) = new else { continue };
            let hash = key_hash(&key, stored.version.as_str(), stored.algorithm.as_str());
            if table::replace_root(self.store(), &stored, &new, &hash).await? {
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Deletes data keys that no value of these columns needs.
    ///
    /// The first call that does not find a value stores the time. A call after `delete_after`
    /// proves again that no value needs the key, and then deletes it. A value that a slow replica
    /// stored between both calls therefore keeps its key. List every encrypted column, or its
    /// values are lost.
    ///
    /// # Errors
    /// The database is not available, or a value is not an envelope. Nothing is deleted then.
    pub async fn delete_unused(
        &self,
        database: &Database,
        columns: &[EncryptedColumn],
    ) -> Result<Vec<KeyReport>, Error> {
        let stored = table::all(self.store()).await?;
        let unused = stored
            .iter()
            .filter(|key| key.status != DataKeyStatus::Active);
        let mut uses: BTreeMap<KeyId, u64> = BTreeMap::new();
        for column in columns {
            keys_in_use(database, column, &mut uses).await?;
        }
        let mut reports = Vec::new();
        for key in unused {
            let values = uses.get(&key.version).copied().unwrap_or_default();
            let deleted = self.delete_if_unused(key, values).await?;
            reports.push(KeyReport {
                version: key.version.to_string(),
                values,
                deleted,
            });
        }
        Ok(reports)
    }

    async fn delete_if_unused(&self, key: &StoredKey, values: u64) -> Result<bool, CryptoError> {
        let since = key.metadata.unreferenced_since;
        let now = Utc::now();
        match (values, since) {
            (0, None) => table::mark_unreferenced(self.store(), key, Some(now)).await?,
            (0, Some(since)) if table::after(since, self.0.config.delete_after.get()) <= now => {
                let is_deleted = table::delete(self.store(), &key.version).await?;
                if is_deleted {
                    tracing::info!(version = %key.version, "an unused data key was deleted");
                }
                return Ok(is_deleted);
            }
            (0, Some(_)) | (_, None) => {}
            (_, Some(_)) => table::mark_unreferenced(self.store(), key, None).await?,
        }
        Ok(false)
    }
}
