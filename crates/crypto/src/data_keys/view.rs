use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use parking_lot::Mutex;

use seaworthy_core::Secret;

use super::{
    DataKeyStatus, DataKeys,
    table::{self, StoredKey, key_hash},
};
use crate::{
    Algorithm, CryptoError, DataKey, KeyId, WrappedKey,
    aead::{Aead, open_aes},
};

/// The data keys of the table at one time.
#[derive(Default)]
pub(super) struct View {
    pub(super) active: Option<KeyId>,
    pub(super) keys: HashMap<KeyId, Arc<OpenKey>>,
    /// The time of the last read that decrypted the active key. `None` before the first one.
    pub(super) read_at: Option<Instant>,
    /// The time of the last read.
    tried_at: Option<Instant>,
    /// Versions that the table contains and that could not be decrypted.
    closed: HashSet<KeyId>,
    /// Versions that the table did not contain when the view was read.
    missing: Mutex<HashSet<KeyId>>,
}

/// The maximum number of missing versions that a view stores. Each further one is looked up again.
const MAX_MISSING: usize = 1_000;

/// A decrypted data key.
pub(super) struct OpenKey {
    pub(super) aead: Aead,
    pub(super) key: Secret<[u8; 32]>,
    hash: String,
}

impl View {
    pub(super) fn is_younger_than(&self, age: std::time::Duration) -> bool {
        self.read_at.is_some_and(|read_at| read_at.elapsed() < age)
    }
}

impl DataKeys {
    pub(super) fn view(&self) -> Arc<View> {
        Arc::clone(&self.0.view.lock())
    }

    /// Returns a view that is younger than the refresh interval.
    ///
    /// If the database or the root key is not available, it returns an older view for a limited
    /// time. The deletion of a key waits longer than this time.
    pub(super) async fn fresh(&self) -> Result<Arc<View>, CryptoError> {
        let view = self.view();
        if view.is_younger_than(self.0.config.refresh_interval.get()) {
            return Ok(view);
        }
        let read = self.read_after(view.tried_at).await;
        let max = self.0.config.delete_after.get() / 2;
        match read {
            // The active key could not be decrypted, and the previous one is too old.
            Ok(read) if read.read_at != read.tried_at && !read.is_younger_than(max) => {
                Err(CryptoError::NoActiveKey)
            }
            Err(error) if view.is_younger_than(max) => {
                tracing::warn!(%error, "the data keys cannot be read: those in memory are used");
                Ok(view)
            }
            read => read,
        }
    }

    /// Returns a view with a version, if the table contains it. Another replica may have rotated.
    pub(super) async fn with_version(&self, version: &KeyId) -> Result<Arc<View>, CryptoError> {
        let view = self.view();
        if view.keys.contains_key(version) {
            return Ok(view);
        }
        let is_young = view.is_younger_than(self.0.config.refresh_interval.get());
        if is_young && view.missing.lock().contains(version) {
            return Ok(view);
        }
        let view = self.read_after(view.tried_at).await?;
        if !(view.keys.contains_key(version) || view.closed.contains(version)) {
            let mut missing = view.missing.lock();
            if missing.len() < MAX_MISSING {
                missing.insert(version.clone());
            }
        }
        Ok(view)
    }

    /// Reads the table, unless another task has read it while this one waited.
    async fn read_after(&self, seen: Option<Instant>) -> Result<Arc<View>, CryptoError> {
        let _reading = self.0.reading.lock().await;
        let view = self.view();
        if view.tried_at > seen {
            return Ok(view);
        }
        self.read(false).await
    }

    /// Reads the table. A key that cannot be decrypted is an error if `all` is set. Otherwise it is
    /// logged and skipped, because another replica may have a newer root key. Until the active key
    /// can be decrypted, the previous one encrypts.
    pub(super) async fn read(&self, all: bool) -> Result<Arc<View>, CryptoError> {
        let read_at = Instant::now();
        let known = self.view();
        let mut view = View {
            read_at: Some(read_at),
            tried_at: Some(read_at),
            ..View::default()
        };
        let mut expiry = None;
        for stored in table::all(self.store()).await? {
            if stored.status == DataKeyStatus::Revoked {
                continue;
            }
            if stored.status == DataKeyStatus::Active {
                expiry = Some(stored.expires_at.timestamp());
            }
            let open = match known.keys.get(&stored.version) {
                Some(open) if open.hash == stored.key_hash => Arc::clone(open),
                _ => match self.open_stored(&stored).await {
                    Ok(open) => Arc::new(open),
                    Err(error) if all => return Err(error),
                    Err(error) => {
                        tracing::error!(%error, version = %stored.version, "a data key cannot be decrypted");
                        if stored.status == DataKeyStatus::Active {
                            view.active.clone_from(&known.active);
                            view.read_at = known.read_at;
                        }
                        view.closed.insert(stored.version);
                        continue;
                    }
                },
            };
            if stored.status == DataKeyStatus::Active {
                view.active = Some(stored.version.clone());
            }
            view.keys.insert(stored.version, open);
        }
        // The previous key may be missing in the table.
        view.active = view.active.filter(|active| view.keys.contains_key(active));
        let view = Arc::new(view);
        *self.0.view.lock() = Arc::clone(&view);
        self.0.expiry.record(expiry);
        Ok(view)
    }

    async fn open_stored(&self, stored: &StoredKey) -> Result<OpenKey, CryptoError> {
        let (key, _) = self.decrypt(stored).await?;
        Ok(OpenKey {
            aead: Aead::new(stored.algorithm, key.expose())?,
            key: Secret::new(*key.expose().expose()),
            hash: stored.key_hash.clone(),
        })
    }

    /// Decrypts a stored key. Returns its encrypted form, if a holder of this crate wrapped it.
    pub(super) async fn decrypt(
        &self,
        stored: &StoredKey,
    ) -> Result<(DataKey, Option<WrappedKey>), CryptoError> {
        let Some(root) = &stored.metadata.root else {
            return Ok((self.decrypt_legacy(stored)?, None));
        };
        let wrapped = WrappedKey {
            key_id: KeyId::new(root).map_err(|_| CryptoError::Malformed)?,
            bytes: stored.encrypted_key.as_slice().into(),
        };
        let key = self
            .root()
            .unwrap(&wrapped)
            .await
            .map_err(|error| match error {
                CryptoError::UnknownKey(root) => CryptoError::UnknownRoot {
                    version: stored.version.to_string(),
                    root,
                },
                error => error,
            })?;
        let hash = key_hash(&key, stored.version.as_str(), stored.algorithm.as_str());
        if hash != stored.key_hash {
            return Err(CryptoError::DecryptionFailed);
        }
        Ok((key, Some(wrapped)))
    }

    /// Decrypts a key of the legacy service: nonce, ciphertext and tag of AES-GCM with the root
    /// key, without or with version and algorithm.
    fn decrypt_legacy(&self, stored: &StoredKey) -> Result<DataKey, CryptoError> {
        if !self.0.config.accept_legacy_values {
            return Err(CryptoError::UnknownRoot {
                version: stored.version.to_string(),
                root: "(legacy)".to_owned(),
            });
        }
        let bound = format!("{}{}", stored.version, Algorithm::Aes256Gcm);
        let opened = self.0.root.legacy.iter().find_map(|root| {
            [b"".as_slice(), bound.as_bytes()]
                .into_iter()
                .find_map(|bound| open_aes(root.expose(), &stored.encrypted_key, bound).ok())
        });
        DataKey::from_bytes(&opened.ok_or(CryptoError::DecryptionFailed)?)
    }
}
