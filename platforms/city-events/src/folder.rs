use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use seaworthy::prelude::StartError;
use uuid::Uuid;

/// The folder of everything that a platform keeps. It holds secrets and addresses of people, so it is its owner's alone.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// The folder, and that of the secrets in it.
const FOLDER_MODE: u32 = 0o700;
/// A secret.
const SECRET_MODE: u32 = 0o600;
const SECRETS: &str = "secrets";
/// Its presence says that the platform was given something to look at.
const SEEDED: &str = "seeded";

impl Folder {
    /// Opens the folder, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        let path = path.into();
        let made = DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path.join(SECRETS));
        made.map_err(|error| {
            StartError::because(
                format!("the folder {} cannot be made", path.display()),
                error,
            )
        })?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The URL of a database file.
    pub(crate) fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.0.join(name).display())
    }

    /// A reference to the secret of a name, which is made when it is asked for first.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn secret(&self, name: &str) -> Result<String, StartError> {
        let path = self.0.join(SECRETS).join(name);
        match write_new(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let what = format!("the secret {} cannot be written", path.display());
                return Err(StartError::because(what, error));
            }
        }
        let path = fs::canonicalize(path)?;
        Ok(format!("file:{}", path.display()))
    }

    /// Whether the platform was given something to look at.
    pub(crate) fn is_seeded(&self) -> bool {
        self.0.join(SEEDED).exists()
    }

    /// Says that it was.
    pub(crate) fn set_seeded(&self) -> io::Result<()> {
        fs::write(self.0.join(SEEDED), "")
    }
}

/// 244 bits from the operating system.
fn write_new(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(SECRET_MODE)
        .open(path)?;
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    file.write_all(secret.as_bytes())?;
    file.sync_all()
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
