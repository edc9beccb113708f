//! A service with encrypted columns of every key type, for tests of its command.

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_core::Secret;
use seaworthy_crypto::{
    EncryptedColumn, KeyId, Keyring, RowKey, Sealer, VaultTransit, VaultTransitConfig,
    encryption_command, key_from_text,
};
use seaworthy_data::DatabaseConfig;
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

type Problem = Box<dyn std::error::Error + Send + Sync>;

const COLUMNS: &[EncryptedColumn] = &[
    EncryptedColumn {
        name: "integers.words",
        key: RowKey::Integer,
        select: "SELECT id, words FROM integers WHERE id > ? AND words IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE integers SET words = ? WHERE id = ? AND words = ?",
    },
    EncryptedColumn {
        name: "integers.raw",
        key: RowKey::Integer,
        select: "SELECT id, raw FROM integers WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE integers SET raw = ? WHERE id = ? AND raw = ?",
    },
    EncryptedColumn {
        name: "texts.words",
        key: RowKey::Text,
        select: "SELECT id, words FROM texts WHERE id > ? AND words IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE texts SET words = ? WHERE id = ? AND words = ?",
    },
    EncryptedColumn {
        name: "texts.raw",
        key: RowKey::Text,
        select: "SELECT id, raw FROM texts WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE texts SET raw = ? WHERE id = ? AND raw = ?",
    },
    EncryptedColumn {
        name: "uuids.words",
        key: RowKey::Uuid,
        select: "SELECT id, words FROM uuids WHERE id > ? AND words IS NOT NULL ORDER BY id LIMIT ?",
        update: "UPDATE uuids SET words = ? WHERE id = ? AND words = ?",
    },
    EncryptedColumn {
        name: "uuids.raw",
        key: RowKey::Uuid,
        select: "SELECT id, raw FROM uuids WHERE id > ? ORDER BY id LIMIT ?",
        update: "UPDATE uuids SET raw = ? WHERE id = ? AND raw = ?",
    },
];

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// The database.
    database: DatabaseConfig,
    /// The active key.
    #[serde(skip_serializing)]
    new: Option<Secret<String>>,
    /// The previous key.
    #[serde(skip_serializing)]
    old: Option<Secret<String>>,
    /// The token of Vault at `clients.vault`. With it, Vault holds the key.
    #[serde(skip_serializing)]
    vault_token: Option<Secret<String>>,
}

fn main() -> ExitCode {
    let command = encryption_command(
        "database",
        |settings: &TrialConfig| &settings.database,
        |service| {
            sealer(service).map_err(|error| StartError::with_cause("there are no keys", error))
        },
        COLUMNS,
    );
    Service::new("encryption-trial", env!("CARGO_PKG_VERSION"))
        .main_with(Commands::new().with(command), async |_| Ok(()))
}

fn sealer(service: &Assembly<TrialConfig>) -> Result<Sealer, Problem> {
    let settings = service.settings();
    if let Some(token) = &settings.vault_token {
        let config = VaultTransitConfig::new(KeyId::new("trial")?);
        let client = service.http_client("vault")?;
        return Ok(Sealer::new(VaultTransit::new(
            client,
            token.clone(),
            config,
        )?));
    }
    let new = settings.new.as_ref().ok_or("set new")?;
    let keyring = Keyring::new(KeyId::new("new")?, &key_from_text(new)?)?;
    if let Some(old) = &settings.old {
        keyring.add(KeyId::new("old")?, &key_from_text(old)?)?;
    }
    Ok(Sealer::new(keyring))
}
