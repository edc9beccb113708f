use std::{
    fs,
    path::{Path, PathBuf},
};

use seaworthy::{
    prelude::StartError,
    service::private_files::{PrivateFileError, PrivateFolder},
};
use uuid::Uuid;

/// The folder of everything that a platform keeps. It holds secrets and addresses of people, so it is its owner's alone.
#[derive(Debug, Clone)]
pub struct Folder {
    own: PrivateFolder,
    secrets: PrivateFolder,
}

const SECRETS: &str = "secrets";
/// Its presence says that the platform was given something to look at.
const SEEDED: &str = "seeded";

impl Folder {
    /// Opens the folder, and creates it if it is missing. Makes files in it private that other
    /// users can read.
    ///
    /// # Errors
    /// The folder cannot be created or made private.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        let path = path.into();
        let opened = || {
            let own = PrivateFolder::open(&path)?;
            let secrets = PrivateFolder::open(own.path().join(SECRETS))?;
            for entry in fs::read_dir(secrets.path()).into_iter().flatten().flatten() {
                secrets.file(entry.file_name())?;
            }
            if own.path().join(SEEDED).exists() {
                own.file(SEEDED)?;
            }
            Ok(Self { own, secrets })
        };
        opened().map_err(|error: PrivateFileError| {
            StartError::because(
                format!("the folder {} cannot be used", path.display()),
                error,
            )
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.own.path()
    }

    /// The URL of a database file.
    pub(crate) fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.path().join(name).display())
    }

    /// A reference to the secret of a name, which is made when it is asked for first.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn secret(&self, name: &str) -> Result<String, StartError> {
        self.secrets
            .create(name, random().as_bytes())
            .map_err(|error| {
                StartError::because(format!("the secret {name} cannot be written"), error)
            })?;
        let path = fs::canonicalize(self.secrets.path().join(name))?;
        Ok(format!("file:{}", path.display()))
    }

    /// Whether the platform was given something to look at.
    pub(crate) fn is_seeded(&self) -> bool {
        self.path().join(SEEDED).exists()
    }

    /// Says that it was.
    pub(crate) fn set_seeded(&self) -> Result<(), PrivateFileError> {
        self.own.file(SEEDED).map(drop)
    }
}

/// 244 bits from the operating system.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_is_its_owners_alone_conf_5() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path().join("new")).unwrap();
        let reference = folder.secret("jwt").unwrap();
        let path = reference.strip_prefix("file:").unwrap();
        let secret = fs::read_to_string(path).unwrap();
        assert_eq!(secret.len(), 64);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(Path::new(path)), 0o600);
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(folder.secret("jwt").unwrap(), reference);
        assert_eq!(fs::read_to_string(path).unwrap(), secret);
        assert_ne!(folder.secret("other").unwrap(), reference);
    }
}
