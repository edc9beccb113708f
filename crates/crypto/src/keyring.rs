use std::{collections::BTreeMap, fmt, sync::Arc};

use parking_lot::RwLock;
use seaworthy_core::Secret;

use crate::{
    CryptoError, KeyId,
    aead::{Aead, KEY_LENGTH},
    wrap::{DataKey, WrapFuture, WrapKeys, WrappedKey},
};

/// Tells a wrapped data key from everything else that the same key might encrypt.
const PURPOSE: &[u8] = b"seaworthy data key 1:";

/// Key-encryption keys in this process. Cheap to clone; all clones are the same keyring.
///
/// A key is rotated as: [`add`](Self::add) the new one to every replica, [`activate`](Self::activate) it, wrap all data keys anew ([`Sealer::rewrap`](crate::Sealer::rewrap)),
/// [`remove`](Self::remove) the old one. What it holds comes of settings, so each step is a change of them.
#[derive(Clone)]
pub struct Keyring(Arc<RwLock<Keys>>);

struct Keys {
    active: KeyId,
    all: BTreeMap<KeyId, Arc<Aead>>,
}

impl Keyring {
    /// A keyring of one key, which is in use.
    ///
    /// # Errors
    /// The key cannot be used.
    pub fn new(id: KeyId, key: &Secret<[u8; KEY_LENGTH]>) -> Result<Self, CryptoError> {
        let all = BTreeMap::from([(id.clone(), Arc::new(Aead::new(key)?))]);
        Ok(Self(Arc::new(RwLock::new(Keys { active: id, all }))))
    }

    /// Adds a key that is not in use yet: what it wrapped elsewhere opens here.
    ///
    /// # Errors
    /// There is a key of this name, or the key cannot be used.
    pub fn add(&self, id: KeyId, key: &Secret<[u8; KEY_LENGTH]>) -> Result<(), CryptoError> {
        let key = Arc::new(Aead::new(key)?);
        let mut keys = self.0.write();
        if keys.all.contains_key(&id) {
            return Err(CryptoError::KeyTwice(id.to_string()));
        }
        keys.all.insert(id, key);
        Ok(())
    }

    /// Wraps new data keys by this key from now on.
    ///
    /// # Errors
    /// There is no such key.
    pub fn activate(&self, id: &KeyId) -> Result<(), CryptoError> {
        let mut keys = self.0.write();
        if !keys.all.contains_key(id) {
            return Err(CryptoError::UnknownKey(id.to_string()));
        }
        keys.active = id.clone();
        Ok(())
    }

    /// Forgets a key. What is still wrapped by it can never be read again.
    ///
    /// # Errors
    /// There is no such key, or it is in use.
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

/// A wrapped key says by which key, and that name cannot be exchanged.
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
