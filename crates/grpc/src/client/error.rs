use std::{io, path::PathBuf};

use seaworthy_service::StartError;

/// Errors returned by [`GrpcChannelBuilder::build`](super::GrpcChannelBuilder::build).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrpcClientError {
    /// The URL is not valid, or its TLS settings contradict each other.
    #[error("url `{url}` is not valid for a gRPC client")]
    Endpoint {
        /// The URL.
        url: String,
        /// The cause.
        #[source]
        cause: tonic::transport::Error,
    },
    /// The URL begins with neither `http://` nor `https://`.
    #[error("url `{0}` must begin with http:// or https://")]
    Scheme(String),
    /// The URL has no TLS, but TLS files are set.
    #[error("url `{0}` has no TLS, but TLS files are set: begin it with https://, or remove tls")]
    PlainText(String),
    /// Only one of certificate and key is set.
    #[error("tls.certificate and tls.key must be set together")]
    IncompleteIdentity,
    /// A file cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// The descriptors of a contract are malformed.
    #[error("the descriptors of the contract cannot be read")]
    Contract(#[source] prost::DecodeError),
    /// The settings have no URL for this dependency.
    #[error("grpc_clients.{0}.url is not set")]
    Unknown(String),
    /// The runtime is ending.
    #[error("the runtime has ended")]
    Ended,
}

impl From<GrpcClientError> for StartError {
    fn from(error: GrpcClientError) -> Self {
        Self::with_cause("the gRPC client cannot be built", error)
    }
}
