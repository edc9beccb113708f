use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use seaworthy_config::{ConfigError, ConfigErrors, Loader, Profile, Schema};

use super::read::{MAX_TEXT, read_text};
use crate::{PluginError, PluginErrorCode, PluginFileConfig, PluginsConfig};

/// The section whose values may be secret.
const SECRETS: &str = "settings";

/// Returns the files of the settings of a plugin. The second one overrides the first one.
pub(crate) fn config_files(directory: &Path, profile: Profile, plugin: &str) -> [PathBuf; 2] {
    [
        directory.join(format!("{plugin}.yaml")),
        directory.join(format!("{plugin}.{profile}.yaml")),
    ]
}

/// Reads the settings of a plugin from `NAME.yaml` and `NAME.PROFILE.yaml`. The second file
/// overrides the first one. Returns the default if both are missing.
///
/// # Errors
/// A file is too large or has errors.
pub(crate) fn read_config(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
) -> Result<(PluginFileConfig, Option<PathBuf>), PluginError> {
    let failed = |problem: String| PluginError::new(PluginErrorCode::Config, plugin, problem);
    let mut found = None;
    for file in config_files(&config.config_directory, profile, plugin) {
        // `files_hash` does not read a larger file, so the service would miss its changes.
        match read_text(&file) {
            Ok(_) => found = found.or(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let problem = format!("its settings {} cannot be read", file.display());
                return Err(failed(problem).because(error));
            }
        }
    }
    let Some(path) = found else {
        return Ok((PluginFileConfig::default(), None));
    };
    let problem = || format!("its settings {} have errors", path.display());
    let file = Loader::new(plugin)
        .file(&path)
        .profile(profile)
        .load_without_secrets(&Schema::of::<PluginFileConfig>())
        .map_err(|errors| failed(problem()).because(redact(&errors)))?
        .get()
        .map_err(|error| failed(problem()).because(error))?;
    Ok((file, Some(path)))
}

/// Replaces the problems of values of the plugin, because the values may be secret.
fn redact(errors: &ConfigErrors) -> ConfigErrors {
    let redacted = errors.iter().map(|error| {
        let (section, _) = error.key().split_once('.').unwrap_or((error.key(), ""));
        match section {
            SECRETS => {
                let problem = "expected a map of names to texts";
                ConfigError::new(error.origin().clone(), error.key(), problem)
            }
            _ => error.clone(),
        }
    });
    let checked = ConfigErrors::check(redacted.collect());
    checked.err().unwrap_or_else(|| errors.clone())
}

/// The previous content of a file of settings with its permissions, `None` if it did not exist.
pub(crate) struct ReplacedConfig {
    path: PathBuf,
    previous: Option<(Vec<u8>, fs::Permissions)>,
}

/// Replaces `NAME.yaml` in one step. If it is a link, its target is replaced. Only the owner can read
/// the new file, because settings may be secret.
///
/// # Errors
/// The settings are too large, or the file cannot be read or written.
pub(crate) fn replace_config(
    directory: &Path,
    plugin: &str,
    config: &PluginFileConfig,
) -> Result<ReplacedConfig, PluginError> {
    let path = directory.join(format!("{plugin}.yaml"));
    let failed = |problem: &str| {
        let problem = format!("its settings {} {problem}", path.display());
        PluginError::new(PluginErrorCode::Config, plugin, problem)
    };
    let unwritten = |error| failed("cannot be written").because(error);
    let text = config
        .to_yaml()
        .map_err(|error| failed("cannot be written").because(error))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_TEXT {
        return Err(failed(&format!("would have more than {MAX_TEXT} bytes")));
    }
    let target = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let previous = previous(&target).map_err(|error| failed("cannot be read").because(error))?;
    fs::create_dir_all(directory).map_err(unwritten)?;
    write(&target, text.as_bytes(), None).map_err(unwritten)?;
    Ok(ReplacedConfig {
        path: target,
        previous,
    })
}

/// Reads a file and its permissions. `None` if it does not exist.
fn previous(path: &Path) -> io::Result<Option<(Vec<u8>, fs::Permissions)>> {
    match read_text(path) {
        Ok(content) => Ok(Some((content, fs::metadata(path)?.permissions()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl ReplacedConfig {
    /// Restores the previous content and permissions.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn restore(self) -> io::Result<()> {
        match self.previous {
            Some((content, permissions)) => write(&self.path, &content, Some(permissions)),
            None => fs::remove_file(&self.path),
        }
    }
}

/// Writes a file in one step. Without `permissions` only the owner can read it.
fn write(path: &Path, content: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let new = path.with_extension("new");
    // What an earlier write left may be a link, or a file that others can read.
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(content)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    fs::rename(&new, path)
}
