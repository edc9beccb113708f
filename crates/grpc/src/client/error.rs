use std::{io, path::PathBuf};

use seaworthy_service::StartError;

/// Why a client cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    /// The descriptors of a contract are none.
    #[error("the descriptors of the contract cannot be read")]
    Contract(#[source] prost::DecodeError),
    /// No URL is known for the dependency of this name.
    #[error("the setting grpc_clients.{0}.url is missing")]
    Unknown(String),
    /// The runtime is ending.
    #[error("the runtime has ended")]
    Ended,
}

impl From<GrpcClientError> for StartError {
    fn from(error: GrpcClientError) -> Self {
        Self::because("a client cannot be made", error)
    }
}
