use std::{io, path::PathBuf};

/// Why TLS cannot be spoken with the files given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the TLS file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file is not what it has to be.
    #[error("the TLS file {} {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
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
    /// Clients are asked for certificates and nothing says whose.
    #[error("client_certificates is set, so client_ca must name the authorities they come from")]
    NoClientCa,
    /// The versions of the settings are not available.
    #[error("TLS cannot be set up: {0}")]
    Unavailable(String),
}

impl TlsError {
    pub(super) fn file(path: &std::path::Path, problem: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
