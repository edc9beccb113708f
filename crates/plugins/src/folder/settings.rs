use std::{
    io,
    path::{Path, PathBuf},
};

use seaworthy_config::{ConfigError, ConfigErrors, Loader, Profile, Schema};

use super::read_text;
use crate::{PluginError, PluginErrorCode, PluginSettings, PluginsConfig};

/// The section whose values may be secret.
const SECRETS: &str = "settings";
/// The start of the names of a plugin's environment variables, in lower case.
const PREFIX: &str = "plugin_";

/// Returns true if two plugins have the same environment variables, whose names cannot contain `-`.
pub(crate) fn have_same_variables(one: &str, other: &str) -> bool {
    let name = |plugin: &str| plugin.replace('-', "_");
    name(one) == name(other)
}

/// Returns the files of the settings of a plugin. The second one overrides the first one.
pub(crate) fn settings_files(directory: &Path, profile: Profile, plugin: &str) -> [PathBuf; 2] {
    [
        directory.join(format!("{plugin}.yaml")),
        directory.join(format!("{plugin}.{profile}.yaml")),
    ]
}

/// Reads the settings of a plugin from `NAME.yaml`, `NAME.PROFILE.yaml` and the environment. The
/// second file overrides the first one, and variables such as `PLUGIN_NAME__PRIORITY` override
/// both, even if both files are missing.
///
/// # Errors
/// A file is too large or has errors.
pub(crate) fn read_settings(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
) -> Result<(PluginSettings, Option<PathBuf>), PluginError> {
    let failed = |problem: String| PluginError::new(PluginErrorCode::Config, plugin, problem);
    let mut found = None;
    for file in settings_files(&config.config_directory, profile, plugin) {
        // `files_hash` does not read a larger file, so the service would miss its changes.
        match read_text(&file) {
            Ok(_) => found = found.or(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let problem = format!("its settings {} cannot be read", file.display());
                return Err(failed(problem).with_cause(error));
            }
        }
    }
    let problem = || match &found {
        Some(path) => format!("its settings {} have errors", path.display()),
        None => "its settings in the environment have errors".to_owned(),
    };
    // The variables of a plugin differ from those of a service with the same name.
    let loader = Loader::new(format!("{PREFIX}{plugin}")).profile(profile);
    // An operator can also disable a plugin without files.
    let loader = match &found {
        Some(path) => loader.file(path),
        None => loader.without_files(),
    };
    let settings = loader
        .load_without_secrets(&Schema::from_settings::<PluginSettings>())
        .map_err(|errors| failed(problem()).with_cause(redact(&errors)))?
        .get()
        .map_err(|error| failed(problem()).with_cause(error))?;
    Ok((settings, found))
}

/// Replaces the problems of values of the plugin, because the values may be secret.
fn redact(errors: &ConfigErrors) -> ConfigErrors {
    let redacted = errors.iter().map(|error| {
        let (section, _) = error.key().split_once('.').unwrap_or((error.key(), ""));
        match section {
            SECRETS => {
                let problem = "expected a map of names to texts: quote numbers and booleans, and use no lists or maps";
                ConfigError::new(error.origin().clone(), error.key(), problem)
            }
            _ => error.clone(),
        }
    });
    let checked = ConfigErrors::check(redacted.collect());
    checked.err().unwrap_or_else(|| errors.clone())
}
