//! Which files make the configuration, and their reading.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use crate::{ConfigError, Origin, Profile, tree};

/// Where the files lie when nobody says so, relative to the working directory.
const DEFAULT_DIRECTORY: &str = "config";
/// A configuration is a few pages; what is larger is another kind of file.
const LARGEST: u64 = 1 << 20;

/// What the user said about the files.
#[derive(Debug, Clone, Default)]
pub(crate) enum Location {
    /// Nothing: the default directory is read where it exists.
    #[default]
    Unnamed,
    Directory(PathBuf),
    /// The base file by name; the profile's file lies beside it.
    File(PathBuf),
}

/// One file and its raw tree.
pub(crate) struct Layer {
    pub(crate) path: PathBuf,
    pub(crate) tree: tree::Node,
}

impl Location {
    /// The directory that holds the files.
    pub(crate) fn directory(&self) -> PathBuf {
        match self {
            Self::Unnamed => PathBuf::from(DEFAULT_DIRECTORY),
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
            Self::Unnamed | Self::Directory(_) => self.directory().join("config.yaml"),
        }
    }

    fn of_profile(&self, profile: Profile) -> PathBuf {
        self.base().with_extension(format!("{profile}.yaml"))
    }

    /// Reads the base file and the profile's, as far as they exist.
    ///
    /// A path that the user named has to exist. A directory that was named has to hold one of the two files. Under staging and production the
    /// profile's own file may be missing only where no profile has one: else the service would run on another profile's blanks.
    pub(crate) fn read(&self, profile: Profile, errors: &mut Vec<ConfigError>) -> Vec<Layer> {
        let before = errors.len();
        let base = read(&self.base(), errors);
        let own = read(&self.of_profile(profile), errors);
        let failed = errors.len() > before;
        let mut refuse = |path: PathBuf, problem: String| {
            errors.push(ConfigError::new(Origin::Path { path }, "", problem));
        };
        match self {
            Self::File(path) if base.is_none() && !failed => {
                refuse(
                    path.clone(),
                    "the configuration file does not exist".to_owned(),
                );
            }
            Self::Directory(path) if !path.is_dir() => {
                refuse(
                    path.clone(),
                    "the configuration directory does not exist".to_owned(),
                );
            }
            Self::Directory(path) if base.is_none() && own.is_none() && !failed => {
                refuse(
                    path.clone(),
                    format!("the directory holds neither config.yaml nor config.{profile}.yaml"),
                );
            }
            _ => {}
        }
        for written in [self.base(), self.of_profile(profile)] {
            let misnamed = written.with_extension("yml");
            if misnamed.is_file() {
                refuse(
                    misnamed,
                    format!(
                        "a file of this name is not read; call it {}",
                        written.display()
                    ),
                );
            }
        }
        let others: Vec<String> = Profile::ALL
            .into_iter()
            .filter(|other| *other != profile && self.of_profile(*other).is_file())
            .map(|other| self.of_profile(other).display().to_string())
            .collect();
        if own.is_none() && !failed && profile >= Profile::Staging && !others.is_empty() {
            let problem = format!(
                "the profile {profile} has no file, although there is {}",
                others.join(", ")
            );
            refuse(self.of_profile(profile), problem);
        }
        if own.is_some()
            && let Some(other) = self.borrowed_from(profile)
        {
            let problem =
                format!("a link to the file of the profile {other}; each profile has its own");
            refuse(self.of_profile(profile), problem);
        }
        base.into_iter().chain(own).collect()
    }

    /// The profile whose file the profile's file is a link to.
    fn borrowed_from(&self, profile: Profile) -> Option<Profile> {
        let own = self.of_profile(profile).canonicalize().ok()?;
        Profile::ALL
            .into_iter()
            .filter(|other| *other != profile)
            .find(|other| {
                self.of_profile(*other)
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
        // Told here and not by the schema: a later layer would cover it, and the file would count for nothing in silence.
        _ => {
            let problem = "a configuration file holds keys with values, this one does not";
            errors.push(ConfigError::new(tree.origin, "", problem));
            return None;
        }
    };
    Some(Layer {
        path: path.to_owned(),
        tree,
    })
}

/// The text of a file, `None` where there is no such file.
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
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(format!("is larger than {} KiB", LARGEST >> 10));
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| format!("is not UTF-8 (byte {})", error.utf8_error().valid_up_to()))
}
