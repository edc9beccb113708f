//! Finds and reads the files of the configuration.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use crate::{ConfigError, Origin, Profile, tree};

/// The default directory, relative to the working directory.
const DEFAULT_DIRECTORY: &str = "config";
/// The maximum size of a file, in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// The configured location of the files.
#[derive(Debug, Clone, Default)]
pub(crate) enum Location {
    /// The default directory, if it exists.
    #[default]
    Default,
    Directory(PathBuf),
    /// The base file. The file of the profile is next to it.
    File(PathBuf),
    /// The loader does not read files.
    None,
}

/// A file and its tree.
pub(crate) struct Layer {
    pub(crate) path: PathBuf,
    pub(crate) tree: tree::Node,
}

impl Location {
    /// Returns the directory of the files.
    pub(crate) fn directory(&self) -> PathBuf {
        match self {
            Self::Default | Self::None => PathBuf::from(DEFAULT_DIRECTORY),
            Self::Directory(path) => path.clone(),
            Self::File(path) => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            },
        }
    }

    fn base(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Default | Self::Directory(_) | Self::None => self.directory().join("config.yaml"),
        }
    }

    /// Returns the file of the profile: `config.production.yaml`, or `config.prod.yaml` if only
    /// that exists.
    fn profile_file(&self, profile: Profile) -> PathBuf {
        let file = self.file_named(profile.name());
        let short = self.short_profile_file(profile);
        // A folder or a dangling link with the long name is an error.
        let exists = file.symlink_metadata().is_ok();
        short.filter(|_| !exists).unwrap_or(file)
    }

    fn file_named(&self, name: &str) -> PathBuf {
        self.base().with_extension(format!("{name}.yaml"))
    }

    /// Returns the existing file with the short name of the profile.
    fn short_profile_file(&self, profile: Profile) -> Option<PathBuf> {
        let name = profile.short_name()?;
        let file = self.file_named(name);
        file.is_file().then_some(file)
    }

    /// Reads the base file and the file of the profile, if they exist.
    ///
    /// A configured path must exist, and a configured directory must contain one of the two files.
    /// In staging and production the file of the profile must exist if another profile has one, so
    /// that a missing file is an error.
    pub(crate) fn read(&self, profile: Profile, errors: &mut Vec<ConfigError>) -> Vec<Layer> {
        if matches!(self, Self::None) {
            return Vec::new();
        }
        let before = errors.len();
        let base = read(&self.base(), errors);
        let own = read(&self.profile_file(profile), errors);
        let failed = errors.len() > before;
        let mut fail = |path: PathBuf, problem: String| {
            errors.push(ConfigError::new(Origin::Path { path }, "", problem));
        };
        match self {
            Self::File(path) if base.is_none() && !failed => {
                fail(
                    path.clone(),
                    "the configuration file does not exist".to_owned(),
                );
            }
            Self::Directory(path) if !path.is_dir() => {
                fail(
                    path.clone(),
                    "the configuration directory does not exist".to_owned(),
                );
            }
            Self::Directory(path) if base.is_none() && own.is_none() && !failed => {
                fail(
                    path.clone(),
                    format!("the directory has neither config.yaml nor config.{profile}.yaml"),
                );
            }
            _ => {}
        }
        if let Some(short) = self.short_profile_file(profile)
            && short != self.profile_file(profile)
        {
            let read = self.profile_file(profile);
            let problem = format!(
                "{} has the same profile: remove one of them",
                read.display()
            );
            fail(short, problem);
        }
        let names = [Some(profile.name()), profile.short_name()];
        let files = names
            .into_iter()
            .flatten()
            .map(|name| self.file_named(name));
        for written in files.chain([self.base()]) {
            let misnamed = written.with_extension("yml");
            if misnamed.is_file() {
                fail(
                    misnamed,
                    format!(
                        "files with this extension are not read: rename it to {}",
                        written.display()
                    ),
                );
            }
        }
        let others: Vec<String> = Profile::ALL
            .into_iter()
            .filter(|other| *other != profile && self.profile_file(*other).is_file())
            .map(|other| self.profile_file(other).display().to_string())
            .collect();
        if own.is_none() && !failed && profile >= Profile::Staging && !others.is_empty() {
            let problem = format!(
                "the file of the profile {profile} does not exist, but {} does: create it",
                others.join(", ")
            );
            fail(self.profile_file(profile), problem);
        }
        if own.is_some()
            && let Some(other) = self.linked_profile(profile)
        {
            let problem = format!(
                "the file is a symlink to the file of the profile {other}: each profile needs its own"
            );
            fail(self.profile_file(profile), problem);
        }
        base.into_iter().chain(own).collect()
    }

    /// Returns the other profile whose file is a link target of the file of this profile.
    fn linked_profile(&self, profile: Profile) -> Option<Profile> {
        let own = self.profile_file(profile).canonicalize().ok()?;
        Profile::ALL
            .into_iter()
            .filter(|other| *other != profile)
            .find(|other| {
                self.profile_file(*other)
                    .canonicalize()
                    .is_ok_and(|path| path == own)
            })
    }
}

fn read(path: &Path, errors: &mut Vec<ConfigError>) -> Option<Layer> {
    let text = match text(path) {
        Ok(text) => text?,
        Err(problem) => {
            let origin = Origin::Path {
                path: path.to_owned(),
            };
            errors.push(ConfigError::new(origin, "", problem));
            return None;
        }
    };
    let tree = tree::parse(path, &text, errors)?;
    let tree = match tree.value {
        tree::Value::Mapping(_) => tree,
        _ if tree.is_null() => tree::Node::empty(tree.origin),
        // Reported here, because a later layer would replace the value and the file would have no
        // effect.
        _ => {
            let problem = "the file must be a mapping of keys to values";
            errors.push(ConfigError::new(tree.origin, "", problem));
            return None;
        }
    };
    Some(Layer {
        path: path.to_owned(),
        tree,
    })
}

/// Returns the text of a file, if it exists.
fn text(path: &Path) -> Result<Option<String>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {}", error.kind());
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err("is not a regular file".to_owned()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_SIZE {
        return Err(format!("is larger than {} KiB", MAX_SIZE >> 10));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| format!("is not UTF-8 (byte {})", error.utf8_error().valid_up_to()))
}
