use std::fmt::Write as _;

use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use super::run::load_with_dependencies;
use crate::{
    PluginError, Plugins, PluginsConfig,
    folder::{Found, read_plugin, scan, unreadable_folder},
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
        let found = read_plugin(&config.directory.join(&name), config);
        let (version, state) = describe(&found);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}  {version}  {state}");
        document.push(json!({ "name": name, "version": version, "state": state }));
    }
    run.console.print(&text, &document);
    Ok(())
}

/// Returns the version of a plugin, and whether it is signed or why it cannot be read.
fn describe(found: &Result<Found, PluginError>) -> (String, String) {
    match found {
        Ok(found) => {
            let state = if found.is_signed {
                "signed"
            } else {
                "not signed"
            };
            (found.manifest.version.to_string(), state.to_owned())
        }
        Err(error) => ("-".to_owned(), error.describe()),
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn unreadable_plugin_is_listed_with_its_cause_plug_1() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("plugin.toml");
        fs::create_dir(&manifest).unwrap();
        let found = read_plugin(folder.path(), &PluginsConfig::default());
        let (version, state) = describe(&found);
        let cause = format!(
            "{} cannot be read: the path is not a file",
            manifest.display()
        );
        assert_eq!(version, "-");
        assert!(state.ends_with(&cause), "{state}");
    }
}
