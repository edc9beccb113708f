use std::{
    fs::{self, Metadata},
    io,
    path::PathBuf,
};

use seaworthy_config::Profile;

use super::{
    atomic_write::{Access, write},
    read::MAX_TEXT,
    read_settings, read_text,
};
use crate::{
    PluginError, PluginErrorCode, PluginSettings, PluginsConfig,
    manifest::{NAME_RULE, is_name},
};

/// The line that may begin a document of YAML.
const MARKER: &str = "---";
/// The first setting of a disabled plugin.
const DISABLED: &str = "enabled: false";
/// The start of the line that [`DISABLED`] replaces.
const ENABLED: &str = "enabled:";

/// Replaces `NAME.yaml` in one step. If it is a link, its target is replaced. Only the owner can
/// read the new file, because settings may be secret.
///
/// # Errors
/// - The settings are too large.
/// - The file cannot be read or written.
/// - Another file or an environment variable overrides the settings.
pub(crate) fn replace_settings(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
    wanted: &PluginSettings,
) -> Result<ReplacedSettings, PluginError> {
    let file = SettingsFile::find(config, plugin)?;
    let text = wanted
        .to_yaml()
        .map_err(|error| file.failed("cannot be written").with_cause(error))?;
    let replaced = file.replace(config, &text, &Access::Owner)?;
    replaced.check(config, profile, plugin, |effective| effective == wanted)
}

/// Disables a plugin in `NAME.yaml` in one step. Keeps the other lines, the owner and the
/// permissions of the file. Returns its path.
///
/// # Errors
/// As for [`replace_settings`], or the plugin has neither a folder nor settings.
pub(crate) fn disable_in_settings(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
) -> Result<PathBuf, PluginError> {
    let file = SettingsFile::find(config, plugin)?;
    // A running service may still have a plugin whose folder is gone.
    if file.previous.is_none() && !config.directory.join(plugin).is_dir() {
        let problem = format!(
            "does not have a folder in {} or settings: check the name",
            config.directory.display()
        );
        return Err(PluginError::new(PluginErrorCode::NotFound, plugin, problem));
    }
    let (text, access) = match &file.previous {
        Some((text, metadata)) => {
            let text = str::from_utf8(text)
                .map_err(|error| file.failed("is not UTF-8").with_cause(error))?;
            (text, Access::Like(metadata))
        }
        None => ("", Access::Default),
    };
    let kept = text.lines().filter(|line| !line.starts_with(ENABLED));
    let mut lines: Vec<&str> = kept.collect();
    // Before the marker of the document, the line would be a document of its own.
    let marker = lines.iter().position(|line| line.trim_end() == MARKER);
    lines.insert(marker.map_or(0, |place| place + 1), DISABLED);
    let text = lines.join("\n") + "\n";
    let replaced = file.replace(config, &text, &access)?;
    let is_disabled = |effective: &PluginSettings| !effective.enabled;
    replaced
        .check(config, profile, plugin, is_disabled)?
        .commit();
    Ok(file.path)
}

/// The file `NAME.yaml` of a plugin before its replacement.
struct SettingsFile {
    plugin: String,
    path: PathBuf,
    /// The path, or the file to which it links.
    target: PathBuf,
    /// `None` if the file does not exist.
    previous: Option<(Vec<u8>, Metadata)>,
}

impl SettingsFile {
    /// Reads the file.
    ///
    /// # Errors
    /// The name of the plugin is not valid, or the file is too large or cannot be read.
    fn find(config: &PluginsConfig, plugin: &str) -> Result<Self, PluginError> {
        if !is_name(plugin) {
            let problem = format!("does not have a valid name: {NAME_RULE}");
            return Err(PluginError::new(PluginErrorCode::NotFound, plugin, problem));
        }
        let path = config.config_directory.join(format!("{plugin}.yaml"));
        let target = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let mut file = Self {
            plugin: plugin.to_owned(),
            path,
            target,
            previous: None,
        };
        file.previous = match read_text(&file.target) {
            Ok(content) => {
                let metadata = fs::metadata(&file.target);
                let unread = |error| file.failed("cannot be read").with_cause(error);
                Some((content, metadata.map_err(unread)?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(file.failed("cannot be read").with_cause(error)),
        };
        Ok(file)
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// The text is too large, or the file cannot be written.
    fn replace(
        &self,
        config: &PluginsConfig,
        text: &str,
        access: &Access<'_>,
    ) -> Result<ReplacedSettings, PluginError> {
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_TEXT {
            return Err(self.failed(&format!("would have more than {MAX_TEXT} bytes")));
        }
        let unwritten = |error| self.failed("cannot be written").with_cause(error);
        fs::create_dir_all(&config.config_directory).map_err(unwritten)?;
        write(&self.target, text.as_bytes(), access).map_err(unwritten)?;
        Ok(ReplacedSettings {
            plugin: self.plugin.clone(),
            path: self.target.clone(),
            written: text.to_owned(),
            previous: self.previous.clone(),
            is_settled: false,
        })
    }

    fn failed(&self, problem: &str) -> PluginError {
        let problem = format!("its settings {} {problem}", self.path.display());
        PluginError::new(PluginErrorCode::Config, &self.plugin, problem)
    }
}

/// A file of settings that was replaced. Dropping it restores the previous file, unless the new one
/// is kept. A stop of the service therefore leaves no settings that the plugin did not accept.
pub(crate) struct ReplacedSettings {
    plugin: String,
    path: PathBuf,
    written: String,
    /// The previous content with its metadata, `None` if the file did not exist.
    previous: Option<(Vec<u8>, Metadata)>,
    /// Whether the new file is kept, or the previous one is restored.
    is_settled: bool,
}

impl ReplacedSettings {
    /// Checks the settings that the plugin gets from all files and the environment. Restores the
    /// previous file if they are not accepted.
    ///
    /// # Errors
    /// The settings have errors, or another source overrides the new file.
    fn check(
        self,
        config: &PluginsConfig,
        profile: Profile,
        plugin: &str,
        is_accepted: impl FnOnce(&PluginSettings) -> bool,
    ) -> Result<Self, PluginError> {
        let error = match read_settings(config, profile, plugin) {
            Ok((effective, _)) if is_accepted(&effective) => return Ok(self),
            Ok(_) => {
                let problem = format!(
                    "another file or an environment variable overrides the settings: remove them from {plugin}.{profile}.yaml and from the environment"
                );
                PluginError::new(PluginErrorCode::Config, plugin, problem)
            }
            Err(error) => error,
        };
        self.restore();
        Err(error)
    }

    /// Keeps the new file.
    pub(crate) fn commit(mut self) {
        self.is_settled = true;
    }

    /// Restores the previous content, owner and permissions, unless another process has changed the
    /// file, such as to disable the plugin. Returns whether they are restored, and logs the reason
    /// otherwise.
    pub(crate) fn restore(mut self) -> bool {
        self.is_settled = true;
        self.write_previous()
    }

    fn write_previous(&self) -> bool {
        let plugin = &*self.plugin;
        let current = fs::read(&self.path);
        if current.is_ok_and(|current| current != self.written.as_bytes()) {
            tracing::warn!(
                plugin,
                "the settings of a plugin changed during their update: the previous ones are not restored"
            );
            return false;
        }
        let restored = match &self.previous {
            Some((content, metadata)) => write(&self.path, content, &Access::Restored(metadata)),
            None => fs::remove_file(&self.path),
        };
        if let Err(problem) = &restored {
            tracing::error!(plugin, %problem, "the settings of a plugin could not be restored");
        }
        restored.is_ok()
    }
}

impl Drop for ReplacedSettings {
    fn drop(&mut self) {
        if !self.is_settled {
            self.write_previous();
        }
    }
}

#[cfg(test)]
mod tests;
