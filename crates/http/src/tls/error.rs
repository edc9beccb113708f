use std::{
    io,
    path::{Path, PathBuf},
};

/// An error in the TLS settings or files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the TLS file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file has invalid content.
    #[error("the TLS file {} {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// A description of the problem.
        problem: String,
    },
    /// The key does not belong to the certificate.
    #[error("the key {} does not belong to the certificate {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Client certificates are requested without their authorities.
    #[error("client_certificates needs client_ca with the certificate authorities of clients")]
    NoClientCa,
    /// The versions of the settings are not available.
    #[error("TLS cannot be set up: {0}")]
    Unavailable(String),
}

impl TlsError {
    /// Returns the file that cannot be used.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Read { path, .. }
            | Self::File { path, .. }
            | Self::Mismatch { key: path, .. } => Some(path),
            Self::NoClientCa | Self::Unavailable(_) => None,
        }
    }

    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
