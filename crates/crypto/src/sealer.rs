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
    Algorithm, Context, CryptoError, Encrypted, Envelope,
    aead::Aead,
    envelope::Form,
    wrap::{DataKey, WrapKeys, WrappedKey},
};

/// Maximum number of values per data key, far below the limit of 2^32 per AES-GCM key with random
/// nonces (NIST SP 800-38D, section 8.3).
const USES: u32 = 1 << 20;
/// The maximum age of a data key, so that new values soon use the new key after a rotation.
const LIFE: Duration = Duration::from_secs(300);
/// Maximum number of unwrapped data keys in memory, of a few hundred bytes each.
const OPEN_KEYS: usize = 1_024;

/// Encrypts and decrypts values. Cheap to clone. All clones share their data keys.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::{Context, KeyId, Keyring, Sealer};
///
/// let sealer = Sealer::new(Keyring::new(KeyId::new("2026-11")?, &Secret::new([7; 32]))?);
/// let stored = sealer.seal(&7, &Context::new("users", "pin").row("1")).await?;
/// # drop(stored);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    keys: Box<dyn WrapKeys>,
    current: Mutex<Option<Arc<Current>>>,
    /// Unwrapped data keys in two generations. The older generation is dropped first.
    open: Mutex<[HashMap<OpenKey, Arc<Aead>>; 2]>,
}

/// A data key and its cipher.
type OpenKey = (WrappedKey, Algorithm);

/// The data key for new values.
struct Current {
    aead: Arc<Aead>,
    algorithm: Algorithm,
    wrapped: WrappedKey,
    uses: AtomicU32,
    made: Instant,
}

/// The result of rewrapping a stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrapped {
    /// The active key wraps the data key already. Store nothing.
    Current,
    /// Replace the stored value by this one. The value was not decrypted.
    Changed(Envelope),
}

impl Sealer {
    /// Creates a sealer with the keys of this holder.
    #[must_use]
    pub fn new(keys: impl WrapKeys) -> Self {
        Self(Arc::new(Inner {
            keys: Box::new(keys),
            current: Mutex::new(None),
            open: Mutex::default(),
        }))
    }

    /// Encrypts a value for its context.
    ///
    /// # Errors
    /// The value cannot be encoded as JSON, or no key is available.
    pub async fn seal<T: Serialize>(
        &self,
        value: &T,
        context: &Context,
    ) -> Result<Encrypted<T>, CryptoError> {
        let envelope = self.seal_bytes(&encode(value)?, context).await?;
        Ok(Encrypted::new(envelope))
    }

    /// Decrypts a value with its context.
    ///
    /// # Errors
    /// The value cannot be decrypted, has another type, or its key is not available.
    pub async fn open<T: DeserializeOwned>(
        &self,
        value: &Encrypted<T>,
        context: &Context,
    ) -> Result<T, CryptoError> {
        let bytes = self.open_bytes(value.envelope(), context).await?;
        let value = match value.envelope().form {
            Form::Bound(_) => serde_json::from_slice(bytes.expose()),
            // The legacy service encrypted texts without an encoding.
            Form::Legacy => serde_json::from_value(String::from_utf8_lossy(bytes.expose()).into()),
        };
        // The error of serde may contain a part of the value.
        value.map_err(|_| CryptoError::Value)
    }

    /// Encrypts bytes for their context.
    ///
    /// # Errors
    /// No key is available.
    pub async fn seal_bytes(
        &self,
        plain: &Secret<Vec<u8>>,
        context: &Context,
    ) -> Result<Envelope, CryptoError> {
        self.current(1).await?.seal(plain, context)
    }

    /// Decrypts bytes with their context.
    ///
    /// # Errors
    /// The bytes cannot be decrypted, or their key is not available.
    pub async fn open_bytes(
        &self,
        envelope: &Envelope,
        context: &Context,
    ) -> Result<Secret<Vec<u8>>, CryptoError> {
        let algorithm = envelope.form.algorithm();
        let open_key = (envelope.key.clone(), algorithm);
        let aead = match self.kept(&open_key) {
            Some(aead) => aead,
            None => {
                let key = self.0.keys.unwrap(&envelope.key).await?;
                let aead = Arc::new(Aead::new(algorithm, key.expose())?);
                self.cache(open_key, &aead);
                aead
            }
        };
        if envelope.is_legacy_blank() {
            return Ok(Secret::new(Vec::new()));
        }
        let bound = match envelope.form {
            Form::Bound(_) => context.as_bytes(),
            Form::Legacy => b"",
        };
        aead.open(&envelope.sealed, bound)
    }

    /// Rewraps the data key of a stored value with the active key-encryption key.
    ///
    /// # Errors
    /// The old or the active key-encryption key is not available.
    pub async fn rewrap(&self, envelope: &Envelope) -> Result<Rewrapped, CryptoError> {
        if envelope.is_legacy_blank() {
            return Ok(Rewrapped::Current);
        }
        let Some(key) = self.0.keys.rewrap(&envelope.key).await? else {
            return Ok(Rewrapped::Current);
        };
        Ok(Rewrapped::Changed(Envelope {
            key: key.checked()?,
            form: envelope.form,
            sealed: Arc::clone(&envelope.sealed),
        }))
    }

    /// Creates and activates a new key-encryption key, if the holder supports it, as Vault does.
    /// Other processes use their data keys for up to five more minutes.
    ///
    /// # Errors
    /// [`CryptoError::NotRotated`] for a [`Keyring`](crate::Keyring), and the errors of the holder.
    pub async fn rotate(&self) -> Result<(), CryptoError> {
        self.0.keys.rotate().await?;
        self.renew_data_key();
        Ok(())
    }

    /// Replaces the data key, after a rotation that the holder cannot report, such as one of Vault.
    pub fn renew_data_key(&self) {
        *self.0.current.lock() = None;
        *self.0.open.lock() = Default::default();
    }

    /// Returns the data key for a number of new values.
    async fn current(&self, values: u32) -> Result<Arc<Current>, CryptoError> {
        let usable = self.0.current.lock().clone().filter(|current| {
            current.made.elapsed() < LIFE
                && self.0.keys.is_current(&current.wrapped)
                && current.uses.fetch_add(values, Ordering::Relaxed) < USES
        });
        if let Some(current) = usable {
            return Ok(current);
        }
        // Concurrent calls may create two keys, which is cheaper than waiting for one.
        let key = DataKey::generate()?;
        let wrapped = self.0.keys.wrap(&key).await?.checked()?;
        let algorithm = self.0.keys.algorithm();
        let current = Arc::new(Current {
            aead: Arc::new(Aead::new(algorithm, key.expose())?),
            algorithm,
            wrapped,
            uses: AtomicU32::new(values),
            made: Instant::now(),
        });
        self.cache((current.wrapped.clone(), algorithm), &current.aead);
        *self.0.current.lock() = Some(Arc::clone(&current));
        Ok(current)
    }

    fn kept(&self, key: &OpenKey) -> Option<Arc<Aead>> {
        let [newer, older] = &mut *self.0.open.lock();
        newer.get(key).or_else(|| older.get(key)).cloned()
    }

    fn cache(&self, key: OpenKey, aead: &Arc<Aead>) {
        let [newer, older] = &mut *self.0.open.lock();
        if newer.len() >= OPEN_KEYS / 2 {
            *older = std::mem::take(newer);
        }
        newer.insert(key, Arc::clone(aead));
    }
}

impl Current {
    fn seal(&self, plain: &Secret<Vec<u8>>, context: &Context) -> Result<Envelope, CryptoError> {
        let sealed = self.aead.seal(plain.expose(), context.as_bytes())?;
        Ok(Envelope {
            key: self.wrapped.clone(),
            form: Form::Bound(self.algorithm),
            sealed: sealed.into(),
        })
    }
}

/// Returns the JSON of a value, which is what is encrypted.
fn encode<T: Serialize>(value: &T) -> Result<Secret<Vec<u8>>, CryptoError> {
    // The error of serde may contain a part of the value.
    let bytes = serde_json::to_vec(value).map_err(|_| CryptoError::Value)?;
    Ok(Secret::new(bytes))
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer")
    }
}

mod batch;
#[cfg(test)]
mod tests;
