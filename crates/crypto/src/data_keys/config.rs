use std::{borrow::Cow, num::NonZeroU32};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seaworthy_core::{Lifetime, Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::Algorithm;

/// The default of `rotate_interval`: meets most policies, and makes rewraps rare.
const DEFAULT_ROTATE_INTERVAL: Lifetime = Lifetime::from_days(90);
/// The default of `refresh_interval`: replicas use a new key within this time after a rotation.
const DEFAULT_REFRESH_INTERVAL: Timeout = Timeout::from_secs(30);
/// The default of `delete_after`: far longer than any request may take.
const DEFAULT_DELETE_AFTER: Timeout = Timeout::from_secs(60 * 60);

/// Settings of the data keys in the table `kms_data_keys`, and of the root key that encrypts them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataKeysConfig {
    /// The seed of the root key, at least 32 bytes. Required without `vault`. Without it, stored
    /// values cannot be read.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub seed: Option<Secret<String>>,
    /// The salt of the root key, at least 16 bytes. Required without `vault`.
    #[serde(skip_serializing)]
    pub salt: Option<Secret<String>>,
    /// How the root key is derived from seed and salt. Not set: by `argon2id`, or by `pbkdf2` if
    /// `iterations` is set.
    pub derivation: Option<Derivation>,
    /// The iterations of `pbkdf2`, at least 600000, which is the default.
    pub iterations: Option<NonZeroU32>,
    /// The bytes of the root key: 16, 24 or 32.
    pub key_length: KeyLength,
    /// A root key in the transit engine of Vault, instead of seed and salt. `clients.vault` sets
    /// the address.
    pub vault: Option<VaultRootConfig>,
    /// An additional root key that decrypts data keys: the next or the previous one during a change
    /// of the root key.
    pub other_root: Option<SeedConfig>,
    /// The cipher of new data keys and new values.
    pub algorithm: Algorithm,
    /// How long a data key encrypts new values.
    pub rotate_interval: Lifetime,
    /// How often a replica reads the data keys. After a rotation, all replicas use the new key
    /// within this time.
    pub refresh_interval: Timeout,
    /// How long a data key must be unused before `encryption delete-unused` deletes it. At least
    /// twice `refresh_interval`.
    pub delete_after: Timeout,
    /// Whether values of the legacy service and its data keys are read.
    pub accept_legacy_values: bool,
}

/// A root key of seed and salt.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SeedConfig {
    /// The seed, at least 32 bytes.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub seed: Option<Secret<String>>,
    /// The salt, at least 16 bytes.
    #[serde(skip_serializing)]
    pub salt: Option<Secret<String>>,
    /// How the root key is derived from seed and salt. Not set: by `argon2id`, or by `pbkdf2` if
    /// `iterations` is set.
    pub derivation: Option<Derivation>,
    /// The iterations of `pbkdf2`, at least 10000.
    pub iterations: Option<NonZeroU32>,
    /// The bytes of the root key: 16, 24 or 32.
    pub key_length: KeyLength,
}

/// The number of bytes of a root key: 16, 24 or 32. The cipher of data keys and values has 256 bits
/// in each case, and is as strong as the root key.
///
/// ```
/// use seaworthy_crypto::KeyLength;
///
/// assert_eq!(KeyLength::default().get(), 32);
/// assert!(KeyLength::try_from(20).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct KeyLength(u8);

impl KeyLength {
    /// Returns the number of bytes.
    #[must_use]
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl Default for KeyLength {
    fn default() -> Self {
        Self(32)
    }
}

impl TryFrom<u8> for KeyLength {
    type Error = &'static str;

    fn try_from(bytes: u8) -> Result<Self, Self::Error> {
        match bytes {
            16 | 24 | 32 => Ok(Self(bytes)),
            _ => Err("a root key has 16, 24 or 32 bytes"),
        }
    }
}

impl From<KeyLength> for u8 {
    fn from(length: KeyLength) -> Self {
        length.0
    }
}

impl JsonSchema for KeyLength {
    fn schema_name() -> Cow<'static, str> {
        "KeyLength".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 16, "maximum": 32, "multipleOf": 8 })
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The derivation of a root key from seed and salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Derivation {
    /// Argon2id with 64 MiB and three passes (RFC 9106).
    Argon2id,
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018).
    Pbkdf2,
}

/// A root key in Vault.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VaultRootConfig {
    /// The mount of the transit engine.
    pub mount: String,
    /// The name of the key.
    pub key: String,
    /// The namespace of the engine. The default is that of the token.
    pub namespace: Option<String>,
    /// The token. Required.
    #[serde(skip_serializing)]
    pub token: Option<Secret<String>>,
}

impl Default for DataKeysConfig {
    fn default() -> Self {
        Self {
            seed: None,
            salt: None,
            derivation: None,
            iterations: None,
            key_length: KeyLength::default(),
            vault: None,
            other_root: None,
            algorithm: Algorithm::default(),
            rotate_interval: DEFAULT_ROTATE_INTERVAL,
            refresh_interval: DEFAULT_REFRESH_INTERVAL,
            delete_after: DEFAULT_DELETE_AFTER,
            accept_legacy_values: false,
        }
    }
}

impl Default for VaultRootConfig {
    fn default() -> Self {
        Self {
            mount: "transit".to_owned(),
            key: "seaworthy".to_owned(),
            namespace: None,
            token: None,
        }
    }
}
