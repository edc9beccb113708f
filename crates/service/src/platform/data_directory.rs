use std::{
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{
    StartError,
    private_files::{PrivateFileError, PrivateFolder},
};

/// The directory of a platform's databases and secrets. Only its owner can access it, because it
/// contains secrets and personal data.
///
/// ```no_run
/// use seaworthy_service::platform::DataDirectory;
///
/// let directory = DataDirectory::open("data/shop")?;
/// let database = format!("database.url={}", directory.sqlite("orders.db"));
/// let secret = format!("jwt.secret={}", directory.secret("jwt")?);
/// # Ok::<_, seaworthy_service::StartError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataDirectory {
    root: PrivateFolder,
    secrets: PrivateFolder,
}

const SECRETS: &str = "secrets";
/// A marker file. It exists after the sample data was created.
const SEEDED: &str = "seeded";

impl DataDirectory {
    /// Opens the directory, and creates it if it is missing. Removes access of other users to its
    /// files.
    ///
    /// # Errors
    /// The directory cannot be created or made private.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        let path = path.into();
        let opened = || {
            let root = PrivateFolder::open(&path)?;
            let secrets = PrivateFolder::open(root.path().join(SECRETS))?;
            for entry in fs::read_dir(secrets.path()).into_iter().flatten().flatten() {
                secrets.file(entry.file_name())?;
            }
            if root.path().join(SEEDED).exists() {
                root.file(SEEDED)?;
            }
            Ok(Self { root, secrets })
        };
        opened().map_err(|error: PrivateFileError| {
            StartError::with_cause(
                format!("the data directory {} cannot be used", path.display()),
                error,
            )
        })
    }

    /// The path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Returns the URL of a database file.
    #[must_use]
    pub fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.path().join(name).display())
    }

    /// Returns the URL of a directory of files, below a private folder of the service.
    ///
    /// # Errors
    /// The folder cannot be created or made private.
    pub fn files(&self, service: &str, name: &str) -> Result<String, StartError> {
        let folder = PrivateFolder::open(self.path().join(service)).map_err(|error| {
            StartError::with_cause(format!("the folder of {service} cannot be created"), error)
        })?;
        Ok(format!("file:{}", folder.path().join(name).display()))
    }

    /// Returns a reference to a secret, and creates the secret with 244 random bits if it is
    /// missing.
    ///
    /// # Errors
    /// The secret cannot be written.
    pub fn secret(&self, name: &str) -> Result<String, StartError> {
        self.secrets
            .create(name, random().as_bytes())
            .map_err(|error| {
                StartError::with_cause(format!("the secret {name} cannot be written"), error)
            })?;
        let path = fs::canonicalize(self.secrets.path().join(name))?;
        Ok(format!("file:{}", path.display()))
    }

    /// Whether the sample data was created.
    #[must_use]
    pub fn is_seeded(&self) -> bool {
        self.path().join(SEEDED).exists()
    }

    /// Records that the sample data was created.
    ///
    /// # Errors
    /// The marker file cannot be written.
    pub fn set_seeded(&self) -> Result<(), PrivateFileError> {
        self.root.file(SEEDED).map(drop)
    }
}

/// Returns 244 random bits of the operating system in hexadecimal digits.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn creates_private_secret_once_conf_5() {
        let parent = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(parent.path().join("new")).unwrap();
        let reference = directory.secret("jwt").unwrap();
        let path = reference.strip_prefix("file:").unwrap();
        let secret = fs::read_to_string(path).unwrap();
        assert_eq!(secret.len(), 64);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(Path::new(path)), 0o600);
        assert_eq!(mode(directory.path()), 0o700);
        assert_eq!(directory.secret("jwt").unwrap(), reference);
        assert_eq!(fs::read_to_string(path).unwrap(), secret);
        assert_ne!(directory.secret("other").unwrap(), reference);
    }
}
