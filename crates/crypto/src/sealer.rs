use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use seaworthy_core::Secret;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Context, CryptoError, Encrypted, Envelope,
    aead::Aead,
    wrap::{DataKey, WrapKeys, WrappedKey},
};

/// With random nonces a key of AES-GCM is good for 2^32 values (NIST SP 800-38D, section 8.3); this is far below, and still one call to Vault in a million.
const USES: u32 = 1 << 20;
/// A data key is not used for longer: after a rotation new values are soon under the new key.
const LIFE: Duration = Duration::from_secs(300);
/// Data keys that are kept open for reading, a few hundred bytes each.
const OPEN_KEYS: usize = 1_024;

/// Encrypts and decrypts values. Cheap to clone; all clones share their data keys.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    keys: Box<dyn WrapKeys>,
    current: Mutex<Option<Arc<Current>>>,
    /// The least recently made are dropped first: two generations, as most values of a page are of a few keys.
    open: Mutex<[HashMap<WrappedKey, Arc<Aead>>; 2]>,
}

/// The data key by which new values are encrypted.
struct Current {
    aead: Arc<Aead>,
    wrapped: WrappedKey,
    uses: AtomicU32,
    made: Instant,
}

/// What wrapping anew did to a stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrapped {
    /// It is by the key in use; store nothing.
    Current,
    /// Store this in its place. The value itself was not decrypted.
    Changed(Envelope),
}

impl Sealer {
    /// Encrypts under the keys of whoever holds them.
    #[must_use]
    pub fn new(keys: impl WrapKeys) -> Self {
        Self(Arc::new(Inner {
            keys: Box::new(keys),
            current: Mutex::new(None),
            open: Mutex::default(),
        }))
    }

    /// Encrypts a value for its place.
    ///
    /// # Errors
    /// The value cannot be written as JSON, or no key can be had.
    pub async fn seal<T: Serialize>(
        &self,
        value: &T,
        context: &Context,
    ) -> Result<Encrypted<T>, CryptoError> {
        let bytes = serde_json::to_vec(value).map_err(|_| CryptoError::Value)?;
        let envelope = self.seal_bytes(&Secret::new(bytes), context).await?;
        Ok(Encrypted::new(envelope))
    }

    /// Decrypts a value at its place.
    ///
    /// # Errors
    /// It does not open there, is of another type, or its key cannot be had.
    pub async fn open<T: DeserializeOwned>(
        &self,
        value: &Encrypted<T>,
        context: &Context,
    ) -> Result<T, CryptoError> {
        let bytes = self.open_bytes(value.envelope(), context).await?;
        // What serde says of a mismatch could hold a piece of the value.
        serde_json::from_slice(bytes.expose()).map_err(|_| CryptoError::Value)
    }

    /// Encrypts bytes for their place.
    ///
    /// # Errors
    /// No key can be had.
    pub async fn seal_bytes(
        &self,
        plain: &Secret<Vec<u8>>,
        context: &Context,
    ) -> Result<Envelope, CryptoError> {
        let current = self.current().await?;
        let sealed = current.aead.seal(plain.expose(), context.as_bytes())?;
        Ok(Envelope {
            key: current.wrapped.clone(),
            sealed: sealed.into(),
        })
    }

    /// Decrypts bytes at their place.
    ///
    /// # Errors
    /// They do not open there, or their key cannot be had.
    pub async fn open_bytes(
        &self,
        envelope: &Envelope,
        context: &Context,
    ) -> Result<Secret<Vec<u8>>, CryptoError> {
        let aead = match self.kept(&envelope.key) {
            Some(aead) => aead,
            None => {
                let key = self.0.keys.unwrap(&envelope.key).await?;
                let aead = Arc::new(Aead::new(key.expose())?);
                self.keep(&envelope.key, &aead);
                aead
            }
        };
        aead.open(&envelope.sealed, context.as_bytes())
    }

    /// Wraps the data key of a stored value anew by the key-encryption key in use.
    ///
    /// # Errors
    /// The key that it is wrapped by, or the one in use, cannot be had.
    pub async fn rewrap(&self, envelope: &Envelope) -> Result<Rewrapped, CryptoError> {
        let Some(key) = self.0.keys.rewrap(&envelope.key).await? else {
            return Ok(Rewrapped::Current);
        };
        Ok(Rewrapped::Changed(Envelope {
            key: key.checked()?,
            sealed: Arc::clone(&envelope.sealed),
        }))
    }

    /// Has whoever holds the keys make a new one and use it, as Vault can. Sealers of other processes go on with a data key of before for five minutes at most.
    ///
    /// # Errors
    /// [`CryptoError::NotRotated`] of a [`Keyring`](crate::Keyring), whose keys are settings; the holder's.
    pub async fn rotate(&self) -> Result<(), CryptoError> {
        self.0.keys.rotate().await?;
        self.forget_keys();
        Ok(())
    }

    /// Uses a new data key from now on: after a rotation that its keys cannot know of, as that of Vault's.
    pub fn forget_keys(&self) {
        *self.0.current.lock() = None;
        *self.0.open.lock() = Default::default();
    }

    async fn current(&self) -> Result<Arc<Current>, CryptoError> {
        let usable = self.0.current.lock().clone().filter(|current| {
            current.made.elapsed() < LIFE
                && self.0.keys.is_current(&current.wrapped)
                && current.uses.fetch_add(1, Ordering::Relaxed) < USES
        });
        if let Some(current) = usable {
            return Ok(current);
        }
        // Two who come at once make two keys, and one of them is used once: cheaper than making all wait for one.
        let key = DataKey::generate()?;
        let wrapped = self.0.keys.wrap(&key).await?.checked()?;
        let current = Arc::new(Current {
            aead: Arc::new(Aead::new(key.expose())?),
            wrapped,
            uses: AtomicU32::new(1),
            made: Instant::now(),
        });
        self.keep(&current.wrapped, &current.aead);
        *self.0.current.lock() = Some(Arc::clone(&current));
        Ok(current)
    }

    fn kept(&self, wrapped: &WrappedKey) -> Option<Arc<Aead>> {
        let [newer, older] = &mut *self.0.open.lock();
        newer.get(wrapped).or_else(|| older.get(wrapped)).cloned()
    }

    fn keep(&self, wrapped: &WrappedKey, aead: &Arc<Aead>) {
        let [newer, older] = &mut *self.0.open.lock();
        if newer.len() >= OPEN_KEYS / 2 {
            *older = std::mem::take(newer);
        }
        newer.insert(wrapped.clone(), Arc::clone(aead));
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests;
