use std::{io, path::Path, path::PathBuf};

/// An error of a file or folder that cannot be made private.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// The file or folder cannot be created or opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Other users have access to the file or folder, and its mode cannot be changed.
    #[error(
        "other users have access to {} (mode {mode:04o}) and its mode cannot be changed: {advice}",
        path.display()
    )]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The action that an operator must take.
        advice: &'static str,
        /// The cause.
        #[source]
        source: Option<io::Error>,
    },
    /// A file is in the root of a volume instead of the private subfolder.
    #[error(
        "other users have access to the folder of {}: move the file to {}",
        misplaced.display(),
        path.display()
    )]
    Misplaced {
        /// The file in the root of the volume.
        misplaced: PathBuf,
        /// The path in the private subfolder.
        path: PathBuf,
    },
    /// The path is not a regular file.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path that is not a regular file.
        path: PathBuf,
    },
}

impl PrivateFileError {
    pub(super) fn create(path: &Path, source: io::Error) -> Self {
        Self::Open {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
