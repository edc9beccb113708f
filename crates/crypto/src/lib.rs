//! Envelope encryption of stored values (SEC-5).
//!
//! A data key encrypts a value, and a named key-encryption key encrypts the data key. A rotation of
//! the key-encryption key only rewraps the data keys. The key-encryption key is in a keyring of the
//! service ([`Keyring`]), in a table ([`DataKeys`]) or in Vault ([`VaultTransit`]). Each value is
//! bound to its [`Context`]: a value that was moved to another row, column or table cannot be
//! decrypted. The ciphers are AES-256-GCM and ChaCha20-Poly1305 of `aws-lc-rs`.
//!
//! ```
//! use seaworthy_core::Secret;
//! use seaworthy_crypto::{Context, Encrypted, Keyring, KeyId, Sealer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let keyring = Keyring::new(KeyId::new("2026-11")?, &Secret::new([7; 32]))?;
//! let sealer = Sealer::new(keyring);
//! let context = Context::new("users", "phone").row("0192d3a8");
//! let stored: Encrypted<String> = sealer.seal(&"+33 6 12 34 56 78".to_owned(), &context).await?;
//! let text = serde_json::to_string(&stored)?;
//! let read: Encrypted<String> = serde_json::from_str(&text)?;
//! assert_eq!(sealer.open(&read, &context).await?, "+33 6 12 34 56 78");
//! # Ok(())
//! # }
//! ```

mod aead;
mod algorithm;
mod blind_index;
#[cfg(feature = "data")]
mod column;
#[cfg(feature = "data")]
mod command;
mod context;
#[cfg(feature = "data")]
mod data_keys;
mod derive;
mod encrypted;
mod envelope;
mod error;
mod key_id;
mod key_text;
mod keyring;
mod passphrase;
#[cfg(feature = "data")]
mod rewrap;
mod sealer;
mod vault;
mod wrap;

pub use algorithm::Algorithm;
pub use blind_index::BlindIndex;
#[cfg(feature = "data")]
pub use command::encryption_command;
pub use context::Context;
#[cfg(feature = "data")]
pub use data_keys::{
    DataKeyReport, DataKeyStatus, DataKeys, DataKeysConfig, Derivation, KEY_MIGRATIONS, KeyLength,
    KeyReport, KeyStatistics, KeysStatus, Root, SeedConfig, VaultRootConfig, data_keys_command,
};
pub use derive::derive_key;
pub use encrypted::Encrypted;
pub use envelope::Envelope;
pub use error::CryptoError;
pub use key_id::{InvalidKeyId, KeyId};
pub use key_text::{key_from_text, new_key_text};
pub use keyring::Keyring;
pub use passphrase::{PassphraseSalt, key_from_passphrase};
#[cfg(feature = "data")]
pub use rewrap::{EncryptedColumn, RewrapReport, RowKey, rewrap};
pub use sealer::{Rewrapped, Sealer};
pub use vault::{VaultTransit, VaultTransitConfig};
pub use wrap::{DataKey, WrapFuture, WrapKeys, WrappedKey};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
