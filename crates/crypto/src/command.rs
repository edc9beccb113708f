use seaworthy_config::Settings;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{Assembly, CommandRun, ServiceCommand, StartError, clap::Command};
use serde_json::json;

use crate::{EncryptedColumn, RewrapReport, Sealer, new_key_text, rewrap};

/// The output of a rotation. Services use data keys of the previous key for at most 5 minutes.
const ROTATED: &str = "a new key is active: wait five minutes, in which running services may use the previous key, then run `encryption rewrap`";

/// Returns the command `encryption new-key|rotate|rewrap` of a service binary, which rotates keys
/// (SEC-5).
///
/// `rewrap` processes these columns of the database. List every encrypted column, also those of
/// framework crates. Otherwise its values are lost when you remove the old key.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_core::Secret;
/// use seaworthy_crypto::{EncryptedColumn, KeyId, Keyring, RowKey, Sealer, encryption_command, key_from_text};
/// use seaworthy_data::DatabaseConfig;
/// use seaworthy_service::{Assembly, Commands, StartError};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct UsersConfig {
///     database: DatabaseConfig,
///     #[serde(skip_serializing)]
///     key: Option<Secret<String>>,
/// }
///
/// const COLUMNS: &[EncryptedColumn] = &[EncryptedColumn {
///     name: "users.phone",
///     key: RowKey::Integer,
///     select: "SELECT id, phone FROM users WHERE id > ? AND phone IS NOT NULL ORDER BY id LIMIT ?",
///     update: "UPDATE users SET phone = ? WHERE id = ? AND phone = ?",
/// }];
///
/// fn sealer(service: &Assembly<UsersConfig>) -> Result<Sealer, StartError> {
///     let text = service.settings().key.as_ref().ok_or_else(|| StartError::new("set key"))?;
///     let of = |error| StartError::with_cause("the key is invalid", error);
///     let id = KeyId::new("2026-11").map_err(|error| StartError::with_cause("the name of the key is invalid", error))?;
///     Ok(Sealer::new(Keyring::new(id, &key_from_text(text).map_err(of)?).map_err(of)?))
/// }
///
/// let commands = Commands::<UsersConfig>::new()
///     .with(encryption_command("database", |settings| &settings.database, sealer, COLUMNS));
/// # drop(commands);
/// ```
pub fn encryption_command<C: Settings>(
    name: &'static str,
    config: fn(&C) -> &DatabaseConfig,
    sealer: fn(&Assembly<C>) -> Result<Sealer, StartError>,
    columns: &'static [EncryptedColumn],
) -> ServiceCommand<C> {
    ServiceCommand::new(definition(), move |run| {
        Box::pin(async move {
            match run.arguments.subcommand_name() {
                Some("new-key") => new_key(&run),
                Some("rotate") => rotate(&run, &sealer(run.service)?).await,
                _ => {
                    let config = config(run.service.settings());
                    let database =
                        Database::connect_for_command(run.service, name, config, &[]).await?;
                    rewrap_columns(&run, &database, &sealer(run.service)?, columns).await
                }
            }
        })
    })
}

fn definition() -> Command {
    Command::new("encryption")
        .about("Rotate the keys of encrypted values.")
        .subcommand_required(true)
        .subcommand(
            Command::new("new-key")
                .about("Print a new key for a keyring. Store it as a secret."),
        )
        .subcommand(
            Command::new("rotate").about(
                "Create and activate a new key in Vault. Rotate a keyring by its settings.",
            ),
        )
        .subcommand(Command::new("rewrap").about(
            "Rewrap the data keys with the active key, after a rotation and before you remove the old key.",
        ))
}

fn new_key<C>(run: &CommandRun<'_, C>) -> Result<(), StartError> {
    let key = new_key_text()
        .map_err(|error| StartError::with_cause("a new key cannot be generated", error))?;
    let document = json!({ "key": key.expose() });
    run.console.print(key.expose(), &document);
    Ok(())
}

async fn rotate<C>(run: &CommandRun<'_, C>, sealer: &Sealer) -> Result<(), StartError> {
    sealer
        .rotate()
        .await
        .map_err(|error| StartError::with_cause("the key cannot be rotated", error))?;
    run.console.print(ROTATED, &json!({ "rotated": true }));
    Ok(())
}

/// Rewraps the values of all columns.
pub(crate) async fn rewrap_columns<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    sealer: &Sealer,
    columns: &[EncryptedColumn],
) -> Result<(), StartError> {
    let mut reports = Vec::new();
    for column in columns {
        let console = run.console;
        let progress = move |report: &RewrapReport| console.progress(&line(report));
        let report = rewrap(database, sealer, column, progress)
            .await
            .map_err(|error| {
                let what = format!("not all data keys of {} could be rewrapped", column.name);
                StartError::with_cause(what, error)
            })?;
        reports.push(report);
    }
    let text: Vec<String> = reports.iter().map(line).collect();
    run.console.print(&text.join("\n"), &reports);
    Ok(())
}

fn line(report: &RewrapReport) -> String {
    format!(
        "{}: {} of {} changed",
        report.column, report.changed, report.seen
    )
}
