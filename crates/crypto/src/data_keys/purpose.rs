use std::sync::Arc;

use seaworthy_core::Secret;
use seaworthy_data::sql;
use serde_json::Value;

use super::{
    DataKeys,
    table::{Metadata, key_hash},
};
use crate::{CryptoError, DataKey, KeyId, WrappedKey, aead::KEY_LENGTH};

/// Separates the hash of a purpose from that of a version.
const ALGORITHM: &str = "purpose";

/// A row of the table.
pub(super) struct PurposeKey {
    name: String,
    wrapped: WrappedKey,
    hash: String,
}

impl DataKeys {
    /// Returns the key of a purpose that is never rotated, such as a blind index. The first call
    /// generates it. A change of the root key does not change it.
    ///
    /// # Errors
    /// The database or the root key is not available, or the stored key was altered.
    pub async fn purpose_key(&self, name: &str) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
        if let Some(found) = self.find_purpose(name).await? {
            return self.open_purpose(&found).await;
        }
        let key = DataKey::generate()?;
        let wrapped = self.root().wrap(&key).await?;
        let inserted = sql("INSERT INTO kms_purpose_keys (name, encrypted_key, key_hash, metadata) VALUES (?, ?, ?, ?)")
            .bind(name)
            .bind(wrapped.bytes.to_vec())
            .bind(key_hash(&key, name, ALGORITHM))
            .bind(serde_json::to_value(Metadata::of_root(&wrapped.key_id)).map_err(|_| CryptoError::Value)?)
            .execute(self.store())
            .await;
        match inserted {
            Ok(_) => Ok(Secret::new(*key.expose().expose())),
            // Another replica was faster.
            Err(error) if error.is_unique_violation() => {
                let found = self.find_purpose(name).await?;
                self.open_purpose(&found.ok_or(CryptoError::Malformed)?)
                    .await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn find_purpose(&self, name: &str) -> Result<Option<PurposeKey>, CryptoError> {
        let mut found = self.purposes(Some(name)).await?;
        Ok(found.pop())
    }

    async fn purposes(&self, name: Option<&str>) -> Result<Vec<PurposeKey>, CryptoError> {
        let found = match name {
            Some(name) => sql("SELECT name, encrypted_key, key_hash, metadata FROM kms_purpose_keys WHERE name = ?")
                .bind(name),
            None => sql("SELECT name, encrypted_key, key_hash, metadata FROM kms_purpose_keys ORDER BY name"),
        };
        let rows: Vec<(String, Vec<u8>, String, Value)> = found.fetch_all(self.store()).await?;
        let read = |(name, bytes, hash, metadata): (String, Vec<u8>, String, Value)| {
            let metadata: Metadata = serde_json::from_value(metadata).ok()?;
            let key_id = KeyId::new(&metadata.root?).ok()?;
            let bytes: Arc<[u8]> = bytes.into();
            Some(PurposeKey {
                name,
                wrapped: WrappedKey { key_id, bytes },
                hash,
            })
        };
        rows.into_iter()
            .map(|row| read(row).ok_or(CryptoError::Malformed))
            .collect()
    }

    async fn open_purpose(
        &self,
        stored: &PurposeKey,
    ) -> Result<Secret<[u8; KEY_LENGTH]>, CryptoError> {
        let key = self.root().unwrap(&stored.wrapped).await?;
        if key_hash(&key, &stored.name, ALGORITHM) != stored.hash {
            return Err(CryptoError::DecryptionFailed);
        }
        Ok(Secret::new(*key.expose().expose()))
    }

    /// Encrypts the keys of purposes with the current root key. Returns how many changed.
    pub(super) async fn rewrap_purposes(&self) -> Result<u64, CryptoError> {
        let mut changed = 0;
        for stored in self.purposes(None).await? {
            let Some(wrapped) = self.root().rewrap(&stored.wrapped).await? else {
                continue;
            };
            let metadata = Metadata::of_root(&wrapped.key_id);
            let done = sql("UPDATE kms_purpose_keys SET encrypted_key = ?, metadata = ? WHERE name = ? AND encrypted_key = ?")
                .bind(wrapped.bytes.to_vec())
                .bind(serde_json::to_value(metadata).map_err(|_| CryptoError::Value)?)
                .bind(stored.name)
                .bind(stored.wrapped.bytes.to_vec())
                .execute(self.store())
                .await?;
            changed += done.rows_affected();
        }
        Ok(changed)
    }
}
