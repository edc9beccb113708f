//! Files and folders that only the user of the process can read: databases, brokers, secrets.
//!
//! This module creates every file that the framework or a service writes at run time. It sets the
//! mode at creation, so no other user can open the file in between. The umask can only narrow the
//! mode. On systems without Unix modes the functions create files and folders without checks.

mod error;
mod modes;

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

pub use error::PrivateFileError;

/// The subfolder that is used if the mode of a folder cannot be narrowed.
const SUBFOLDER: &str = "private";

/// Files that SQLite keeps next to a database. It gives them the mode of the database.
const DATABASE_SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A folder with mode 0700, whose files have mode 0600.
///
/// ```
/// use seaworthy_service::private_files::PrivateFolder;
///
/// # let place = tempfile::tempdir()?;
/// let folder = PrivateFolder::open(place.path().join("data"))?;
/// let database = folder.database("orders.db")?;
/// assert!(database.exists());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateFolder {
    path: PathBuf,
    /// The folder that contains it, if that is the root of a volume.
    volume: Option<PathBuf>,
}

impl PrivateFolder {
    /// Opens a folder. Creates a missing folder and its missing parents with mode 0700. Narrows a
    /// wider mode to 0700.
    ///
    /// If the mode cannot be narrowed, the folder is usually the root of a volume. Kubernetes gives
    /// it to root and makes it writable for the group `fsGroup` or for everyone. Then this opens
    /// the subfolder `private`, which belongs to the user of the process.
    ///
    /// # Errors
    /// [`PrivateFileError`] if neither the folder nor its subfolder can be created and made
    /// private. Also if the folder has a wider mode and other users need it: it contains the
    /// working directory, or it is sticky as `/tmp` is. These users would lose access.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, PrivateFileError> {
        let path = path.into();
        let path = match path.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => path,
        };
        modes::create_folder(&path).map_err(|error| PrivateFileError::create(&path, error))?;
        let is_shared = contains_working_directory(&path) || modes::has_other_users(&path);
        match modes::narrow_folder(&path, is_shared) {
            Ok(()) => Ok(Self { path, volume: None }),
            Err(error @ PrivateFileError::Exposed { .. }) if !is_shared => {
                Self::open_in_volume(path, error)
            }
            Err(error) => Err(error),
        }
    }

    fn open_in_volume(
        volume: PathBuf,
        exposed: PrivateFileError,
    ) -> Result<Self, PrivateFileError> {
        let path = volume.join(SUBFOLDER);
        match modes::create_subfolder(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // The volume is not writable, so its mode is the better explanation.
            Err(_) => return Err(exposed),
        }
        modes::narrow_own_folder(&path)?;
        let volume = Some(volume);
        Ok(Self { path, volume })
    }

    /// Returns the path of the folder: the argument of [`open`](Self::open), or its subfolder
    /// `private`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a file in this folder.
    ///
    /// # Errors
    /// [`PrivateFileError::Misplaced`] if the file is in the root of the volume instead. A new file
    /// would hide its data.
    fn place(&self, name: impl AsRef<Path>) -> Result<PathBuf, PrivateFileError> {
        let path = self.path.join(&name);
        if let Some(volume) = &self.volume {
            let misplaced = volume.join(name);
            if misplaced.exists() && !path.exists() {
                return Err(PrivateFileError::Misplaced { misplaced, path });
            }
        }
        Ok(path)
    }

    /// Returns the path of a file in this folder. Creates a missing file empty with mode 0600.
    /// Narrows a wider mode.
    ///
    /// # Errors
    /// [`PrivateFileError`] if the file cannot be created, is not a regular file, or belongs to
    /// another user and has a wider mode.
    pub fn file(&self, name: impl AsRef<Path>) -> Result<PathBuf, PrivateFileError> {
        let path = self.place(name)?;
        match modes::create_file(&path) {
            Ok(_created) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                modes::narrow_file(&path)?;
            }
            Err(error) => return Err(PrivateFileError::create(&path, error)),
        }
        Ok(path)
    }

    /// Creates a file with its content, which is on the disk when this returns. Returns whether the
    /// file was created. A file that exists keeps its content, and its mode is narrowed.
    ///
    /// # Errors
    /// The errors of [`PrivateFolder::file`].
    pub fn create(&self, name: impl AsRef<Path>, content: &[u8]) -> Result<bool, PrivateFileError> {
        use io::Write as _;

        let path = self.place(name)?;
        let written = modes::create_file(&path).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                modes::narrow_file(&path)?;
                Ok(false)
            }
            Err(error) => Err(PrivateFileError::create(&path, error)),
        }
    }

    /// Returns the path of a SQLite database in this folder. An empty file is a valid database, and
    /// SQLite gives the files next to it the same mode. Narrows the modes of existing files.
    ///
    /// # Errors
    /// The errors of [`PrivateFolder::file`].
    pub fn database(&self, name: impl AsRef<Path>) -> Result<PathBuf, PrivateFileError> {
        let path = self.file(name)?;
        for suffix in DATABASE_SUFFIXES {
            let mut companion = OsString::from(&path);
            companion.push(suffix);
            match modes::narrow_file(Path::new(&companion)) {
                Err(error) if error.is_missing() => {}
                narrowed => narrowed?,
            }
        }
        Ok(path)
    }
}

/// Opens the folder of a SQLite database and the database itself: see [`PrivateFolder::open`] and
/// [`PrivateFolder::database`].
///
/// # Errors
/// The errors of these two functions.
pub fn open_database(path: &Path) -> Result<PathBuf, PrivateFileError> {
    let name = path.file_name().ok_or_else(|| {
        PrivateFileError::create(path, io::Error::from(io::ErrorKind::InvalidFilename))
    })?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    PrivateFolder::open(folder)?.database(name)
}

/// Whether the folder is the working directory or contains it.
fn contains_working_directory(path: &Path) -> bool {
    let (Ok(here), Ok(folder)) = (env::current_dir(), fs::canonicalize(path)) else {
        return false;
    };
    fs::canonicalize(here).is_ok_and(|here| here.starts_with(folder))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
