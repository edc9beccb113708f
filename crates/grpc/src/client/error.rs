use std::{io, path::PathBuf};

/// Why a client cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
pub enum GrpcClientError {
    /// The URL is not one, or its TLS settings do not fit together.
    #[error("url `{url}` cannot be called")]
    Endpoint {
        /// The URL.
        url: String,
        /// What is wrong.
        #[source]
        cause: tonic::transport::Error,
    },
    /// Neither `http://` nor `https://`.
    #[error("url `{0}` must begin with http:// or https://")]
    Scheme(String),
    /// TLS files are given for a URL that has no TLS.
    #[error("url `{0}` is plain text and has TLS files; begin it with https://")]
    PlainText(String),
    /// One of certificate and key is given without the other.
    #[error("tls.certificate and tls.key belong together; one is missing")]
    HalfIdentity,
    /// A file cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}
