use std::{
    fs,
    path::{Path, PathBuf},
};

use seaworthy::{prelude::StartError, service::private_files::PrivateFolder};
use uuid::Uuid;

const SECRETS: &str = "secrets";

/// The directory of a platform's databases and secrets. Only its owner can access it, because it
/// contains secrets and personal data.
///
/// ```no_run
/// let directory = tutoring::DataDirectory::open("data/tutoring")?;
/// println!("{}", directory.path().display());
/// # Ok::<_, seaworthy::prelude::StartError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataDirectory {
    root: PrivateFolder,
    secrets: PrivateFolder,
}

impl DataDirectory {
    /// Opens the directory, and creates it if it is missing.
    ///
    /// # Errors
    /// The directory cannot be created or made private.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        let path = path.into();
        let failed = |error| {
            let text = format!("the data directory {} cannot be used", path.display());
            StartError::because(text, error)
        };
        let root = PrivateFolder::open(&path).map_err(failed)?;
        let secrets = PrivateFolder::open(root.path().join(SECRETS)).map_err(failed)?;
        Ok(Self { root, secrets })
    }

    /// The path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Returns the URL of a database file.
    pub(crate) fn sqlite(&self, name: &str) -> String {
        format!("sqlite:{}", self.path().join(name).display())
    }

    /// Returns the URL of a folder with files.
    pub(crate) fn file(&self, name: &str) -> String {
        format!("file:{}", self.path().join(name).display())
    }

    /// Returns a reference to a secret, and creates the secret if it is missing.
    ///
    /// # Errors
    /// The secret cannot be written.
    pub(crate) fn secret(&self, name: &str) -> Result<String, StartError> {
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let created = self.secrets.create(name, secret.as_bytes());
        created.map_err(|error| {
            StartError::because(format!("the secret {name} cannot be written"), error)
        })?;
        let path = fs::canonicalize(self.secrets.path().join(name))?;
        Ok(format!("file:{}", path.display()))
    }
}
