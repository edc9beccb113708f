use std::{fmt, str::FromStr, sync::Arc};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Algorithm, CryptoError, KeyId, aead::NONCE_LENGTH, wrap::WrappedKey};

/// The separator between the parts of the legacy text.
const SEPARATOR: char = ':';
/// The prefix of the older legacy text.
const OLDER: &str = "01.";
/// The separator between the parts of the older legacy text.
const OLDER_SEPARATOR: char = '.';
/// The name of the key of values that the root key of the legacy service encrypts directly.
pub(crate) const LEGACY_ROOT: &str = "legacy-root";
/// The prefix of the text form, by which people recognize it in dumps.
const PREFIX: &str = "sealed1:";

/// An encrypted value in its stored form: the name of the key, the wrapped data key and the
/// ciphertext.
///
/// The bytes are: version of the format (1), length of the name (1), the name, length of the
/// wrapped key (2, big-endian), the wrapped key. Then nonce (12), ciphertext and tag (16) follow.
/// The version names the cipher. The text is `sealed1:` and the bytes in base64url.
///
/// Texts of the legacy service are read, too. Their values are not bound to a context:
///
/// - `version:AES-256-GCM:hex`, whose key is a data key of a table
/// - `01.NONCE.CIPHERTEXT` in base64, whose key is the root key of the legacy service
/// - an empty text, which is an empty value
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Envelope {
    pub(crate) key: WrappedKey,
    pub(crate) form: Form,
    pub(crate) sealed: Arc<[u8]>,
}

/// The cipher of a value, and whether the value is bound to its context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// A value of this crate.
    Bound(Algorithm),
    /// A value of the legacy service: AES-256-GCM without a context.
    Legacy,
}

impl Form {
    const fn version(self) -> u8 {
        match self {
            Self::Bound(Algorithm::Aes256Gcm) => 1,
            Self::Bound(Algorithm::ChaCha20Poly1305) => 2,
            Self::Legacy => 3,
        }
    }

    fn of_version(version: u8) -> Option<Self> {
        [
            Self::Bound(Algorithm::Aes256Gcm),
            Self::Bound(Algorithm::ChaCha20Poly1305),
            Self::Legacy,
        ]
        .into_iter()
        .find(|form| form.version() == version)
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Bound(algorithm) => algorithm,
            Self::Legacy => Algorithm::Aes256Gcm,
        }
    }
}

impl Envelope {
    /// Parses the bytes of a stored value without decrypting it.
    ///
    /// # Errors
    /// [`CryptoError::Malformed`] if the bytes are not an envelope.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        let read = || {
            let (&[version, name_length], rest) = bytes.split_first_chunk()?;
            let (name, rest) = rest.split_at_checked(name_length.into())?;
            let (key_length, rest) = rest.split_first_chunk()?;
            let (key, sealed) = rest.split_at_checked(u16::from_be_bytes(*key_length).into())?;
            let id = KeyId::new(str::from_utf8(name).ok()?).ok()?;
            Some(Self {
                key: WrappedKey {
                    key_id: id,
                    bytes: key.into(),
                },
                form: Form::of_version(version)?,
                sealed: sealed.into(),
            })
        };
        read().ok_or(CryptoError::Malformed)
    }

    /// Returns the bytes to store.
    ///
    /// # Errors
    /// [`CryptoError::Key`] if the wrapped key is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CryptoError> {
        let name = self.key.key_id.as_str().as_bytes();
        let too_long = |_| CryptoError::Key("the wrapped key is too long");
        let name_length = u8::try_from(name.len()).map_err(too_long)?;
        let key_length = u16::try_from(self.key.bytes.len()).map_err(too_long)?;
        Ok([
            &[self.form.version(), name_length][..],
            name,
            &key_length.to_be_bytes(),
            &self.key.bytes,
            &self.sealed,
        ]
        .concat())
    }

    /// Whether the value is an empty one of the legacy service, which did not encrypt it.
    pub(crate) fn is_legacy_blank(&self) -> bool {
        self.form == Form::Legacy && self.key.bytes.is_empty() && self.sealed.is_empty()
    }

    fn of_legacy_root(sealed: Vec<u8>) -> Option<Self> {
        Some(Self {
            key: WrappedKey {
                key_id: KeyId::new(LEGACY_ROOT).ok()?,
                bytes: Arc::default(),
            },
            form: Form::Legacy,
            sealed: sealed.into(),
        })
    }

    /// Parses the texts of the legacy service.
    fn from_legacy(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Self::of_legacy_root(Vec::new());
        }
        if let Some(value) = text.strip_prefix(OLDER) {
            let (nonce, sealed) = value.split_once(OLDER_SEPARATOR)?;
            let nonce = STANDARD.decode(nonce).ok();
            let nonce = nonce.filter(|nonce| nonce.len() == NONCE_LENGTH)?;
            let sealed = STANDARD.decode(sealed).ok()?;
            return Self::of_legacy_root([nonce, sealed].concat());
        }
        let (text, value) = text.rsplit_once(SEPARATOR)?;
        let (version, algorithm) = text.rsplit_once(SEPARATOR)?;
        if algorithm != Algorithm::Aes256Gcm.as_str() {
            return None;
        }
        Some(Self {
            key: WrappedKey {
                key_id: KeyId::new(version).ok()?,
                bytes: Arc::default(),
            },
            form: Form::Legacy,
            sealed: HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok()?.into(),
        })
    }

    /// Returns the name of the key-encryption key, by which a rotation finds values to rewrap.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key.key_id
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.to_bytes().map_err(|_| fmt::Error)?;
        write!(formatter, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Envelope")
            .field("key_id", &self.key.key_id)
            .finish_non_exhaustive()
    }
}

impl FromStr for Envelope {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        let Some(text) = text.strip_prefix(PREFIX) else {
            return Self::from_legacy(text).ok_or(CryptoError::Malformed);
        };
        let bytes = URL_SAFE_NO_PAD.decode(text);
        Self::from_bytes(&bytes.map_err(|_| CryptoError::Malformed)?)
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
