use seaworthy_config::Settings;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{Assembly, CommandRun, ServiceCommand, StartError, clap::Command};
use serde_json::json;

use crate::{EncryptedColumn, RewrapReport, Sealer, new_key_text, rewrap};

/// What a rotation needs to be told: a key of before is used for as long as a data key lives.
const ROTATED: &str = "a new key is in use; running services go on with one of before for five minutes at most: wait so long, then run `encryption rewrap`";

/// The command `encryption new-key|rotate|rewrap` of a service binary, by which keys are rotated (SEC-5). `rewrap` goes over these columns of the database of this name: all that the service
/// has encrypted there, those of parts too, or whoever removes the old key loses them.
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
///     let of = |error| StartError::because("the key cannot be used", error);
///     let id = KeyId::new("2026-11").map_err(|error| StartError::because("the key has no name", error))?;
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
                    let database = Database::connect(run.service, name, config, &[]).await?;
                    rewrap_all(&run, &database, &sealer(run.service)?, columns).await
                }
            }
        })
    })
}

fn definition() -> Command {
    Command::new("encryption")
        .about("Rotate the keys of what is stored encrypted.")
        .subcommand_required(true)
        .subcommand(
            Command::new("new-key")
                .about("Print a new key for a keyring. Give it to whatever keeps the secrets."),
        )
        .subcommand(
            Command::new("rotate").about(
                "Have a new key made and used by whoever holds the keys, such as Vault. A keyring is rotated by its settings.",
            ),
        )
        .subcommand(Command::new("rewrap").about(
            "Wrap the keys of what is stored by the key in use: after a rotation, before the old key is removed.",
        ))
}

fn new_key<C>(run: &CommandRun<'_, C>) -> Result<(), StartError> {
    let key = new_key_text().map_err(|error| StartError::because("no key was made", error))?;
    let document = json!({ "key": key.expose() });
    run.console.answer(key.expose(), &document);
    Ok(())
}

async fn rotate<C>(run: &CommandRun<'_, C>, sealer: &Sealer) -> Result<(), StartError> {
    sealer
        .rotate()
        .await
        .map_err(|error| StartError::because("the keys were not rotated", error))?;
    run.console.answer(ROTATED, &json!({ "rotated": true }));
    Ok(())
}

async fn rewrap_all<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    sealer: &Sealer,
    columns: &[EncryptedColumn],
) -> Result<(), StartError> {
    let mut reports = Vec::new();
    for column in columns {
        let console = run.console;
        let told = move |report: &RewrapReport| console.progress(&line(report));
        let report = rewrap(database, sealer, column, told)
            .await
            .map_err(|error| {
                let what = format!("the keys of {} were not all wrapped anew", column.name);
                StartError::because(what, error)
            })?;
        reports.push(report);
    }
    let text: Vec<String> = reports.iter().map(line).collect();
    run.console.answer(&text.join("\n"), &reports);
    Ok(())
}

fn line(report: &RewrapReport) -> String {
    format!(
        "{}: {} of {} changed",
        report.column, report.changed, report.seen
    )
}
