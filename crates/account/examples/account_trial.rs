//! A service with second factors, for the tests of the rotation of their keys.

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_account::SECOND_FACTOR_SECRETS;
use seaworthy_core::Secret;
use seaworthy_crypto::{
    EncryptedColumn, KeyId, Keyring, Sealer, encryption_command, key_from_text,
};
use seaworthy_data::DatabaseConfig;
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

const COLUMNS: &[EncryptedColumn] = &[SECOND_FACTOR_SECRETS];

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// The database of the users.
    database: DatabaseConfig,
    /// The key in use.
    #[serde(skip_serializing)]
    new: Option<Secret<String>>,
    /// The key of before.
    #[serde(skip_serializing)]
    old: Option<Secret<String>>,
}

fn main() -> ExitCode {
    let command = encryption_command(
        "database",
        |settings: &TrialConfig| &settings.database,
        sealer,
        COLUMNS,
    );
    Service::new("account-trial", env!("CARGO_PKG_VERSION"))
        .main_with(Commands::new().with(command), async |_| Ok(()))
}

fn sealer(service: &Assembly<TrialConfig>) -> Result<Sealer, StartError> {
    let settings = service.settings();
    keyring(settings)
        .map(Sealer::new)
        .map_err(|error| StartError::with_cause("there is no keyring", error))
}

fn keyring(settings: &TrialConfig) -> Result<Keyring, Box<dyn std::error::Error + Send + Sync>> {
    let new = settings.new.as_ref().ok_or("set new")?;
    let keyring = Keyring::new(KeyId::new("new")?, &key_from_text(new)?)?;
    if let Some(old) = &settings.old {
        keyring.add(KeyId::new("old")?, &key_from_text(old)?)?;
    }
    Ok(keyring)
}
