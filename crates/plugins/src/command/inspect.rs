use std::fmt::Write as _;

use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use super::run::load_with_dependencies;
use crate::{
    Plugins, PluginsConfig,
    folder::{read_plugin, scan, unreadable_folder},
};

/// Prints the name, version, and signature or error of each plugin of the folder.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn list<C>(run: &CommandRun<'_, C>, config: &PluginsConfig) -> Result<(), StartError> {
    let unreadable = |error| StartError::with_cause(unreadable_folder(&config.directory), error);
    let names = scan(&config.directory).map_err(unreadable)?;
    let mut text = String::new();
    let mut document = Vec::new();
    for name in names {
        let found = read_plugin(&config.directory.join(&name), &config.security);
        let (version, state) = match &found {
            Ok(found) if found.is_signed => {
                (found.manifest.version.to_string(), "signed".to_owned())
            }
            Ok(found) => (found.manifest.version.to_string(), "not signed".to_owned()),
            Err(error) => ("-".to_owned(), error.to_string()),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}  {version}  {state}");
        document.push(json!({ "name": name, "version": version, "state": state }));
    }
    run.console.print(&text, &document);
    Ok(())
}

/// Loads a plugin without starting it. Loads and starts its dependencies.
///
/// # Errors
/// The plugin or a dependency cannot be loaded, or a dependency cannot be started.
pub(super) async fn verify<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
) -> Result<(), StartError> {
    let plugins = Plugins::open(run.service, config)?;
    let loaded = load_with_dependencies(&plugins, name).await;
    let info = plugins.get(name);
    plugins.shut_down().await;
    loaded?;
    let info = info?;
    let text = format!("{name} {} can be loaded", info.metadata.version);
    run.console.print(&text, &info);
    Ok(())
}
