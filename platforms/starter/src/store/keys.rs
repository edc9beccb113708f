use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy::{
    audit_log::AuditLogConfig,
    crypto::{
        BlindIndex, Context, Encrypted, KeyId, Keyring, PassphraseSalt, Sealer, derive_key,
        key_from_passphrase,
    },
    prelude::*,
};

use crate::config::KeysConfig;

/// The name of the key-encryption key.
const KEY: &str = "root";

/// The keys of stored values, all derived from one root key. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) sealer: Sealer,
    index: BlindIndex,
    /// For parts that derive their own keys.
    pub(crate) root: Secret<[u8; 32]>,
}

impl Keys {
    /// Derives the keys from the seed and the salt by Argon2id, which takes some hundred
    /// milliseconds.
    ///
    /// # Errors
    /// The seed or the salt is missing or too short.
    pub(crate) fn open(config: &KeysConfig) -> Result<Self, StartError> {
        let missing =
            |key| StartError::new(format!("{key} must be set to random text: see README.md"));
        let seed = config.seed.as_ref().ok_or_else(|| missing("kms.seed"))?;
        let salt = config.salt.as_ref().ok_or_else(|| missing("kms.salt"))?;
        let because = |error| StartError::because("kms.seed or kms.salt cannot be used", error);
        let salt = PassphraseSalt::from_text(salt.expose()).map_err(because)?;
        let root = key_from_passphrase(seed, salt).map_err(because)?;
        let name = KeyId::new(KEY)
            .map_err(|error| StartError::because("the name of the key is not valid", error))?;
        let keyring = Keyring::new(name, &derive_key(&root, "columns")).map_err(because)?;
        Ok(Self {
            sealer: Sealer::new(keyring),
            index: BlindIndex::new(&root),
            root,
        })
    }

    /// Returns the settings of the audit log, with a key of its own.
    pub(crate) fn audit_log(&self) -> AuditLogConfig {
        let key = derive_key(&self.root, "audit log");
        AuditLogConfig {
            key: Some(Secret::new(STANDARD.encode(key.expose()))),
            ..AuditLogConfig::default()
        }
    }

    /// Encrypts a text of a column for its row.
    pub(super) async fn seal(
        &self,
        column: &str,
        row: &str,
        text: &str,
    ) -> Result<Encrypted<String>, Error> {
        let context = Context::new("users", column).row(row);
        Ok(self.sealer.seal(&text.to_owned(), &context).await?)
    }

    /// Returns the blind index of a text of a column. The text is compared in any case.
    pub(super) fn index(&self, column: &str, text: &str) -> Vec<u8> {
        let context = Context::new("users", column);
        self.index.of(&context, &text.to_lowercase())
    }
}
