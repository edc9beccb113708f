use std::{collections::BTreeMap, fmt, sync::Arc};

use parking_lot::RwLock;
use seaworthy_core::Secret;

use crate::{
    Algorithm, CryptoError, KeyId,
    aead::{Aead, KEY_LENGTH},
    wrap::{DataKey, WrapFuture, WrapKeys, WrappedKey},
};

/// Separates wrapped data keys from other values that the same key may encrypt.
const PURPOSE: &[u8] = b"seaworthy data key 1:";

/// Key-encryption keys in this process. Cheap to clone. All clones are the same keyring.
///
/// To rotate a key, [`add`](Self::add) the new one on every replica, [`activate`](Self::activate)
/// it, rewrap all data keys ([`Sealer::rewrap`](crate::Sealer::rewrap)), and
/// [`remove`](Self::remove) the old one. The keys come from settings, so each step is a change of
/// the settings.
///
/// ```
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::{KeyId, Keyring};
///
/// let (old, new) = (KeyId::new("2026-10")?, KeyId::new("2026-11")?);
/// let keyring = Keyring::new(old.clone(), &Secret::new([7; 32]))?;
/// keyring.add(new.clone(), &Secret::new([8; 32]))?;
/// keyring.activate(&new)?;
/// // Rewrap all data keys before you remove the old key.
/// keyring.remove(&old)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<RwLock<Keys>>);

struct Keys {
    active: KeyId,
    all: BTreeMap<KeyId, Arc<Aead>>,
}

impl Keyring {
    /// Creates a keyring with one active key.
    ///
    /// # Errors
    /// The key is invalid.
    pub fn new(id: KeyId, key: &Secret<[u8; KEY_LENGTH]>) -> Result<Self, CryptoError> {
        let all = BTreeMap::from([(id.clone(), Arc::new(Aead::new(Algorithm::Aes256Gcm, key)?))]);
        Ok(Self(Arc::new(RwLock::new(Keys { active: id, all }))))
    }

    /// Adds a key without activating it, so that this process can decrypt values of replicas that
    /// use it.
    ///
    /// # Errors
    /// A key with this name exists, or the key is invalid.
    pub fn add(&self, id: KeyId, key: &Secret<[u8; KEY_LENGTH]>) -> Result<(), CryptoError> {
        let key = Arc::new(Aead::new(Algorithm::Aes256Gcm, key)?);
        let mut keys = self.0.write();
        if keys.all.contains_key(&id) {
            return Err(CryptoError::DuplicateKey(id.to_string()));
        }
        keys.all.insert(id, key);
        Ok(())
    }

    /// Activates a key, which then wraps new data keys.
    ///
    /// # Errors
    /// The key does not exist.
    pub fn activate(&self, id: &KeyId) -> Result<(), CryptoError> {
        let mut keys = self.0.write();
        if !keys.all.contains_key(id) {
            return Err(CryptoError::UnknownKey(id.to_string()));
        }
        keys.active = id.clone();
        Ok(())
    }

    /// Removes a key. Values whose data keys it wraps cannot be decrypted without it.
    ///
    /// # Errors
    /// The key does not exist, or is active.
    pub fn remove(&self, id: &KeyId) -> Result<(), CryptoError> {
        let mut keys = self.0.write();
        if keys.active == *id {
            return Err(CryptoError::KeyInUse(id.to_string()));
        }
        let removed = keys.all.remove(id);
        removed
            .map(drop)
            .ok_or_else(|| CryptoError::UnknownKey(id.to_string()))
    }

    fn wrap_now(&self, key: &DataKey) -> Result<WrappedKey, CryptoError> {
        let (id, wrapping) = {
            let keys = self.0.read();
            (keys.active.clone(), keys.find(&keys.active)?)
        };
        let bytes = wrapping.seal(key.expose().expose(), &bound(&id))?;
        Ok(WrappedKey {
            key_id: id,
            bytes: bytes.into(),
        })
    }

    fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<DataKey, CryptoError> {
        let wrapping = self.0.read().find(&wrapped.key_id)?;
        DataKey::from_bytes(&wrapping.open(&wrapped.bytes, &bound(&wrapped.key_id))?)
    }
}

impl Keys {
    fn find(&self, id: &KeyId) -> Result<Arc<Aead>, CryptoError> {
        let key = self.all.get(id).cloned();
        key.ok_or_else(|| CryptoError::UnknownKey(id.to_string()))
    }
}

/// Binds a wrapped data key to the name of its key-encryption key.
fn bound(id: &KeyId) -> Vec<u8> {
    [PURPOSE, id.as_str().as_bytes()].concat()
}

impl WrapKeys for Keyring {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey> {
        Box::pin(async move { self.wrap_now(key) })
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey> {
        Box::pin(async move { self.unwrap_now(wrapped) })
    }

    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>> {
        Box::pin(async move {
            if self.0.read().active == wrapped.key_id {
                return Ok(None);
            }
            let key = self.unwrap_now(wrapped)?;
            self.wrap_now(&key).map(Some)
        })
    }

    fn is_current(&self, wrapped: &WrappedKey) -> bool {
        self.0.read().active == wrapped.key_id
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read();
        formatter
            .debug_struct("Keyring")
            .field("active", &keys.active)
            .field("keys", &keys.all.len())
            .finish()
    }
}
