//! A service with data keys in a table and one encrypted column, for tests of its command.

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_crypto::{DataKeysConfig, EncryptedColumn, RowKey, data_keys_command};
use seaworthy_data::DatabaseConfig;
use seaworthy_service::{Commands, Service};
use serde::{Deserialize, Serialize};

const COLUMNS: &[EncryptedColumn] = &[EncryptedColumn {
    name: "notes.body",
    key: RowKey::Integer,
    select: "SELECT id, body FROM notes WHERE id > ? ORDER BY id LIMIT ?",
    update: "UPDATE notes SET body = ? WHERE id = ? AND body = ?",
}];

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// The database.
    database: DatabaseConfig,
    /// The keys.
    kms: DataKeysConfig,
}

fn main() -> ExitCode {
    let command = data_keys_command(
        "database",
        |settings: &TrialConfig| &settings.database,
        |settings| &settings.kms,
        COLUMNS,
    );
    Service::new("data-keys-trial", env!("CARGO_PKG_VERSION"))
        .main_with(Commands::new().with(command), async |_| Ok(()))
}
