use seaworthy_config::Settings;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_service::{CommandRun, ServiceCommand, StartError, clap::Command};
use serde_json::json;

use super::{DataKeyReport, DataKeys, DataKeysConfig, KeyReport, root::Root};
use crate::{EncryptedColumn, Sealer, command::rewrap_columns};

/// Returns the command `encryption status|rotate|rewrap|delete-unused` of a service with
/// [`DataKeys`] (SEC-5).
///
/// List every encrypted column, also those of framework crates. `delete-unused` deletes data keys
/// that no value of these columns needs.
pub fn data_keys_command<C: Settings>(
    name: &'static str,
    database: fn(&C) -> &DatabaseConfig,
    keys: fn(&C) -> &DataKeysConfig,
    columns: &'static [EncryptedColumn],
) -> ServiceCommand<C> {
    ServiceCommand::new(definition(), move |run| {
        Box::pin(async move {
            let settings = run.service.settings();
            let config = keys(settings);
            let root = Root::from_settings(run.service, config)?;
            let database = database(settings);
            let database = Database::connect_for_command(run.service, name, database, &[]).await?;
            let keys = DataKeys::open(&database, root, config).await;
            let keys = keys
                .map_err(|error| StartError::with_cause("the data keys cannot be used", error))?;
            match run.arguments.subcommand_name() {
                Some("status") => status(&run, &keys).await,
                Some("rotate") => rotate(&run, &keys).await,
                Some("rewrap") => rewrap(&run, &database, &keys, columns).await,
                _ => delete_unused(&run, &database, &keys, columns).await,
            }
        })
    })
}

fn definition() -> Command {
    Command::new("encryption")
        .about("Manage the keys of encrypted values.")
        .subcommand_required(true)
        .subcommand(Command::new("status").about("Print the data keys and their status."))
        .subcommand(Command::new("rotate").about("Create and activate a new data key."))
        .subcommand(Command::new("rewrap").about(
            "Encrypt the data keys with the current root key, and move all values to the active data key.",
        ))
        .subcommand(Command::new("delete-unused").about(
            "Delete data keys that no value needs. Run it twice, with kms.delete_after between the runs.",
        ))
}

async fn status<C>(run: &CommandRun<'_, C>, keys: &DataKeys) -> Result<(), StartError> {
    let status = keys
        .status()
        .await
        .map_err(|error| StartError::with_cause("the data keys cannot be read", error))?;
    let line = |key: &DataKeyReport| {
        let DataKeyReport {
            version,
            algorithm,
            expires_at,
            ..
        } = key;
        let status = key.status.as_str();
        let root = key.root.as_deref().unwrap_or("legacy");
        format!("{version} {status}, {algorithm}, root {root}, expires {expires_at}")
    };
    let text: Vec<String> = status.keys.iter().map(line).collect();
    run.console.print(&text.join("\n"), &status);
    Ok(())
}

async fn rotate<C>(run: &CommandRun<'_, C>, keys: &DataKeys) -> Result<(), StartError> {
    let failed = |error| StartError::with_cause("the data key cannot be rotated", error);
    let is_rotated = keys.rotate().await.map_err(failed)?;
    let text = if is_rotated {
        "a new data key is active"
    } else {
        "another process rotated at the same time"
    };
    run.console.print(text, &json!({ "rotated": is_rotated }));
    Ok(())
}

async fn rewrap<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    keys: &DataKeys,
    columns: &[EncryptedColumn],
) -> Result<(), StartError> {
    let changed = keys.rewrap_root().await.map_err(|error| {
        StartError::with_cause("not all data keys could be moved to the root key", error)
    })?;
    run.console
        .progress(&format!("root: {changed} data keys changed"));
    rewrap_columns(run, database, &Sealer::new(keys.clone()), columns).await
}

async fn delete_unused<C>(
    run: &CommandRun<'_, C>,
    database: &Database,
    keys: &DataKeys,
    columns: &[EncryptedColumn],
) -> Result<(), StartError> {
    let reports = keys
        .delete_unused(database, columns)
        .await
        .map_err(|error| StartError::with_cause("unused data keys cannot be deleted", error))?;
    let line = |report: &KeyReport| {
        let KeyReport {
            version, values, ..
        } = report;
        let end = if report.deleted { "deleted" } else { "kept" };
        format!("{version}: {values} values, {end}")
    };
    let text: Vec<String> = reports.iter().map(line).collect();
    run.console.print(&text.join("\n"), &reports);
    Ok(())
}
