use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaworthy::{
    audit_log::AuditLogConfig,
    crypto::{
        BlindIndex, Context, CryptoError, DataKeys, DataKeysConfig, Encrypted, Root, Sealer,
        derive_key,
    },
    data::Database,
    prelude::*,
};

use crate::config::StarterConfig;

/// The name of the key of blind indexes, captchas and the audit log. Rotations do not change it.
const PARTS_KEY_NAME: &str = "parts";
/// The ID of the derived key, which verifies records after another key was set.
const DERIVED_KEY: &str = "derived";

/// The keys of stored values. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) sealer: Sealer,
    index: BlindIndex,
    /// The key from which parts derive their own keys.
    pub(crate) parts_key: Secret<[u8; 32]>,
}

impl Keys {
    /// Opens the data keys, and rotates them while the service runs.
    ///
    /// # Errors
    /// The root key is not that of the stored keys, or the database is not available.
    pub(crate) async fn start(
        service: &Assembly<StarterConfig>,
        database: &Database,
        root: Root,
        config: &DataKeysConfig,
    ) -> Result<Self, StartError> {
        let keys = DataKeys::start(service, database, root, config).await?;
        Self::derive(keys).await.map_err(failed)
    }

    /// Opens the data keys for a command.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub(crate) async fn open(
        database: &Database,
        root: Root,
        config: &DataKeysConfig,
    ) -> Result<Self, StartError> {
        let keys = DataKeys::open(database, root, config).await;
        Self::derive(keys.map_err(failed)?).await.map_err(failed)
    }

    async fn derive(keys: DataKeys) -> Result<Self, CryptoError> {
        let parts_key = keys.purpose_key(PARTS_KEY_NAME).await?;
        Ok(Self {
            sealer: Sealer::new(keys),
            index: BlindIndex::new(&parts_key),
            parts_key,
        })
    }

    /// Returns the settings of the audit log. Without a key, it has one that is derived from the
    /// keys of stored values. With a key, the derived one still verifies earlier records, up to the
    /// `last` of `additional_verification_keys.derived`. Without `last`, the log warns at each
    /// start.
    pub(crate) fn audit_log(&self, given: &AuditLogConfig) -> AuditLogConfig {
        let derived = derive_key(&self.parts_key, "audit log");
        let derived = Some(Secret::new(STANDARD.encode(derived.expose())));
        let mut config = given.clone();
        if config.key.is_none() {
            config.key = derived;
        } else {
            let others = &mut config.additional_verification_keys;
            let earlier = others.entry(DERIVED_KEY.to_owned()).or_default();
            earlier.key = earlier.key.take().or(derived);
        }
        config
    }

    /// Encrypts the texts of columns for their row.
    pub(super) async fn seal_all(
        &self,
        row: &str,
        columns: &[(&str, &String)],
    ) -> Result<Vec<Encrypted<String>>, Error> {
        let contexts = columns.iter();
        let contexts = contexts.map(|(column, _)| Context::new("users", column).row(row));
        let contexts: Vec<_> = contexts.collect();
        let texts = columns.iter().map(|(_, text)| *text);
        let values: Vec<_> = texts.zip(&contexts).collect();
        Ok(self.sealer.seal_all(&values).await?)
    }

    /// Decrypts the texts of a column for their rows.
    pub(super) async fn open_all(
        &self,
        column: &str,
        rows: &[(String, Encrypted<String>)],
    ) -> Result<Vec<Personal<String>>, Error> {
        let contexts = rows.iter();
        let contexts = contexts.map(|(row, _)| Context::new("users", column).row(row));
        let contexts: Vec<_> = contexts.collect();
        let stored = rows.iter().map(|(_, stored)| stored);
        let values: Vec<_> = stored.zip(&contexts).collect();
        let texts = self.sealer.open_all(&values).await?;
        Ok(texts.into_iter().map(Personal::new).collect())
    }

    /// Decrypts a text of a column for its row.
    pub(super) async fn open_value(
        &self,
        column: &str,
        row: &str,
        stored: &Encrypted<String>,
    ) -> Result<Personal<String>, Error> {
        let context = Context::new("users", column).row(row);
        Ok(Personal::new(self.sealer.open(stored, &context).await?))
    }

    /// Returns the blind index of a text of a column. The comparison ignores case.
    pub(super) fn index(&self, column: &str, text: &str) -> Vec<u8> {
        let context = Context::new("users", column);
        self.index.compute(&context, &text.to_lowercase())
    }
}

fn failed(error: CryptoError) -> StartError {
    StartError::with_cause("the data keys cannot be used", error)
}
