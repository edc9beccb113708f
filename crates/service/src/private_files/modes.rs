//! The parts that depend on the system: modes on Unix, nothing elsewhere.

#[cfg(not(unix))]
pub(super) use other::{
    create_file, create_folder, create_subfolder, has_other_users, narrow_file, narrow_folder,
    narrow_own_folder,
};
#[cfg(unix)]
pub(super) use unix::{
    create_file, create_folder, create_subfolder, has_other_users, narrow_file, narrow_folder,
    narrow_own_folder,
};

#[cfg(unix)]
mod unix {
    use std::{
        fs::{DirBuilder, File, OpenOptions, Permissions},
        io,
        os::unix::fs::{
            DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
        },
        path::Path,
    };

    use rustix::process::geteuid;

    use crate::private_files::PrivateFileError;

    /// Read, write and search permission for the owner only.
    const FOLDER_MODE: u32 = 0o700;
    /// Read and write permission for the owner only.
    const FILE_MODE: u32 = 0o600;
    /// The permission bits of a mode, with set-user-ID, set-group-ID and the sticky bit.
    const PERMISSIONS: u32 = 0o7777;
    /// The sticky bit, which marks a folder for temporary files of all users.
    const STICKY: u32 = 0o1000;
    /// The permission bits of group and others.
    const OTHER_USERS: u32 = 0o077;

    const FOLDER_ADVICE: &str =
        "use a folder of the service's own, such as a subfolder, which it creates with mode 0700";
    const SUBFOLDER_ADVICE: &str =
        "delete it, or make it a folder of the user that the service runs as";
    const FILE_ADVICE: &str =
        "give the file to the user that the service runs as, or change its mode to 0600";

    pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)
    }

    /// Creates a folder whose parent exists.
    pub(crate) fn create_subfolder(path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(FOLDER_MODE).create(path)
    }

    pub(crate) fn create_file(path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(path)
    }

    /// Whether the folder is one for temporary files of all users, and this process can change its
    /// mode.
    pub(crate) fn has_other_users(path: &Path) -> bool {
        let user = geteuid();
        std::fs::metadata(path).is_ok_and(|metadata| {
            let is_own = user.is_root() || metadata.uid() == user.as_raw();
            is_own && metadata.mode() & STICKY != 0
        })
    }

    /// Narrows the mode of a folder. Rejects a folder that other data shares.
    pub(crate) fn narrow_folder(path: &Path, is_shared: bool) -> Result<(), PrivateFileError> {
        let mode = mode_of(path)?;
        if is_shared && mode & OTHER_USERS != 0 {
            return Err(PrivateFileError::Exposed {
                path: path.to_owned(),
                mode,
                advice: FOLDER_ADVICE,
                source: None,
            });
        }
        narrow(path, FOLDER_MODE, FOLDER_ADVICE)
    }

    /// Narrows the mode of a folder whose parent other users can change.
    /// folder of another user, who could read everything in it.
    pub(crate) fn narrow_own_folder(path: &Path) -> Result<(), PrivateFileError> {
        let metadata = std::fs::symlink_metadata(path)
            .map_err(|error| PrivateFileError::create(path, error))?;
        if !metadata.is_dir() || metadata.uid() != geteuid().as_raw() {
            return Err(PrivateFileError::Exposed {
                path: path.to_owned(),
                mode: metadata.permissions().mode() & PERMISSIONS,
                advice: SUBFOLDER_ADVICE,
                source: None,
            });
        }
        narrow_folder(path, false)
    }

    /// Narrows the mode of a file by its path. This process may have opened the file as a database.
    /// Closing any descriptor of a file drops all POSIX locks of the process on it. Without its
    /// locks another process would delete the write-ahead log that this process still writes
    /// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
    pub(crate) fn narrow_file(path: &Path) -> Result<(), PrivateFileError> {
        let metadata =
            std::fs::metadata(path).map_err(|error| PrivateFileError::create(path, error))?;
        if !metadata.is_file() {
            return Err(PrivateFileError::NotAFile {
                path: path.to_owned(),
            });
        }
        narrow(path, FILE_MODE, FILE_ADVICE)
    }

    fn narrow(path: &Path, allowed: u32, advice: &'static str) -> Result<(), PrivateFileError> {
        let mode = mode_of(path)?;
        if mode & OTHER_USERS == 0 {
            return Ok(());
        }
        let exposed = |source| PrivateFileError::Exposed {
            path: path.to_owned(),
            mode,
            advice,
            source,
        };
        std::fs::set_permissions(path, Permissions::from_mode(mode & allowed))
            .map_err(|error| exposed(Some(error)))?;
        // Some mounted file systems accept the call and keep the mode.
        if mode_of(path)? & OTHER_USERS != 0 {
            return Err(exposed(None));
        }
        tracing::warn!(
            path = %path.display(),
            mode = format!("{mode:04o}"),
            "other users had access to a private file: its mode was restricted"
        );
        Ok(())
    }

    fn mode_of(path: &Path) -> Result<u32, PrivateFileError> {
        let metadata =
            std::fs::metadata(path).map_err(|error| PrivateFileError::create(path, error))?;
        Ok(metadata.permissions().mode() & PERMISSIONS)
    }
}

#[cfg(not(unix))]
mod other {
    use std::{
        fs::{self, File, OpenOptions},
        io,
        path::Path,
    };

    use crate::private_files::PrivateFileError;

    pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(crate) fn create_subfolder(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    pub(crate) fn create_file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    pub(crate) fn has_other_users(_path: &Path) -> bool {
        false
    }

    pub(crate) fn narrow_folder(_path: &Path, _is_shared: bool) -> Result<(), PrivateFileError> {
        Ok(())
    }

    pub(crate) fn narrow_own_folder(_path: &Path) -> Result<(), PrivateFileError> {
        Ok(())
    }

    pub(crate) fn narrow_file(path: &Path) -> Result<(), PrivateFileError> {
        fs::metadata(path)
            .map(drop)
            .map_err(|error| PrivateFileError::create(path, error))
    }
}
