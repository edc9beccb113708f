use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use seaworthy_config::Profile;
use seaworthy_core::new_id;

use super::{read::MAX_TEXT, read_config, read_text};
use crate::{PluginError, PluginErrorCode, PluginFileConfig, PluginsConfig};

/// The line with which YAML permits a document to begin.
const MARKER: &str = "---";
/// The first setting of a disabled plugin.
const DISABLED: &str = "enabled: false";
/// The start of the line that [`DISABLED`] replaces.
const ENABLED: &str = "enabled:";
/// The permissions of a file whose content may be secret.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// Replaces `NAME.yaml` in one step. If it is a link, its target is replaced. Only the owner can
/// read the new file, because settings may be secret.
///
/// # Errors
/// - The settings are too large.
/// - The file cannot be read or written.
/// - Another file or an environment variable overrides the settings.
pub(crate) fn replace_config(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
    wanted: &PluginFileConfig,
) -> Result<ReplacedConfig, PluginError> {
    let file = SettingsFile::find(config, plugin)?;
    let text = wanted
        .to_yaml()
        .map_err(|error| file.failed("cannot be written").because(error))?;
    let replaced = file.replace(config, &text, &Access::Owner)?;
    replaced.check(config, profile, plugin, |effective| effective == wanted)
}

/// Disables a plugin in `NAME.yaml` in one step. Keeps the other lines, the owner and the
/// permissions of the file. Returns its path.
///
/// # Errors
/// As for [`replace_config`], or the plugin has neither a folder nor settings.
pub(crate) fn disable_config(
    config: &PluginsConfig,
    profile: Profile,
    plugin: &str,
) -> Result<PathBuf, PluginError> {
    let file = SettingsFile::find(config, plugin)?;
    // A running service may still have a plugin whose folder is gone.
    if file.previous.is_none() && !config.directory.join(plugin).is_dir() {
        let problem = format!(
            "has no folder in {}, and no settings: check the name",
            config.directory.display()
        );
        return Err(PluginError::new(PluginErrorCode::NotFound, plugin, problem));
    }
    let (text, access) = match &file.previous {
        Some((text, metadata)) => {
            let text =
                str::from_utf8(text).map_err(|error| file.failed("is not UTF-8").because(error))?;
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
    let is_disabled = |effective: &PluginFileConfig| !effective.enabled;
    replaced.check(config, profile, plugin, is_disabled)?.keep();
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
    /// The file is too large or cannot be read.
    fn find(config: &PluginsConfig, plugin: &str) -> Result<Self, PluginError> {
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
                let unread = |error| file.failed("cannot be read").because(error);
                Some((content, metadata.map_err(unread)?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(file.failed("cannot be read").because(error)),
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
    ) -> Result<ReplacedConfig, PluginError> {
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_TEXT {
            return Err(self.failed(&format!("would have more than {MAX_TEXT} bytes")));
        }
        let unwritten = |error| self.failed("cannot be written").because(error);
        fs::create_dir_all(&config.config_directory).map_err(unwritten)?;
        write(&self.target, text.as_bytes(), access).map_err(unwritten)?;
        Ok(ReplacedConfig {
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

/// A file of settings that was replaced. Its drop restores the previous one, unless the new one is
/// kept. So the stop of the service leaves no settings that the plugin did not accept.
pub(crate) struct ReplacedConfig {
    plugin: String,
    path: PathBuf,
    written: String,
    /// The previous content with its metadata, `None` if the file did not exist.
    previous: Option<(Vec<u8>, Metadata)>,
    /// Whether the new file is kept, or the previous one is restored.
    is_settled: bool,
}

impl ReplacedConfig {
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
        is_accepted: impl FnOnce(&PluginFileConfig) -> bool,
    ) -> Result<Self, PluginError> {
        let error = match read_config(config, profile, plugin) {
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
    pub(crate) fn keep(mut self) {
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

impl Drop for ReplacedConfig {
    fn drop(&mut self) {
        if !self.is_settled {
            self.write_previous();
        }
    }
}

/// The users that can read a new file.
enum Access<'a> {
    Owner,
    /// The users who can read this file, and its owner.
    Like(&'a Metadata),
    /// The users who can read this file. The owner may be this process instead.
    Restored(&'a Metadata),
    /// The users that the process selects for new files.
    Default,
}

/// Writes a file in one step: a reader, also after a crash, finds the old or the new content.
///
/// # Errors
/// The file cannot be written. The old one stays.
fn write(path: &Path, content: &[u8], access: &Access<'_>) -> io::Result<()> {
    // Another process may write the same file, so each one writes its own new file.
    let new = path.with_extension(format!("{}.new", new_id()));
    let written = write_new(&new, content, access).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The file may not exist, and its content is not needed.
        drop(fs::remove_file(&new));
        return written;
    }
    // The new name is on the disk after its folder. Not every system can open a folder.
    if cfg!(unix)
        && let Some(Ok(folder)) = path.parent().map(File::open)
        && let Err(error) = folder.sync_all()
    {
        // The new file is in place, and only a crash of the system can still undo this.
        let path = path.display();
        tracing::warn!(%path, problem = %error, "the folder of a file was not written to the disk");
    }
    Ok(())
}

/// Writes a new file to the disk.
///
/// # Errors
/// The file exists, or cannot be written.
fn write_new(path: &Path, content: &[u8], access: &Access<'_>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if !matches!(access, Access::Default) {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    }
    let mut file = options.open(path)?;
    file.write_all(content)?;
    match access {
        Access::Like(metadata) => {
            keep_owner(&file, metadata)?;
            file.set_permissions(metadata.permissions())?;
        }
        Access::Restored(metadata) => {
            drop(keep_owner(&file, metadata));
            file.set_permissions(metadata.permissions())?;
        }
        Access::Owner | Access::Default => {}
    }
    file.sync_all()
}

/// Sets the owner and the group of a file to those of another one. A service can then read a file
/// that an operator replaces. The group is enough if it may read the file.
///
/// # Errors
/// This process may not change them.
#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    /// The permission of the group to read.
    const GROUP_READS: u32 = 0o040;

    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    match fchown(file, Some(like.uid()), Some(like.gid())) {
        Err(_) if like.mode() & GROUP_READS != 0 => fchown(file, None, Some(like.gid())),
        changed => changed,
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
