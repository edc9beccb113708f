use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use seaworthy_core::{Error, ResponseError};

use super::to_status;

/// The form of errors on both transports. A service that must keep another envelope or other reasons implements it.
///
/// ```
/// use seaworthy_contract::{Error, error::{ErrorFormat, reason}};
///
/// /// Says `CODEC` where a request cannot be read, as an older service did.
/// struct OlderReasons;
///
/// impl ErrorFormat for OlderReasons {
///     fn adapt(&self, error: Error) -> Error {
///         match error.reason() {
///             reason::MALFORMED_REQUEST => Error::new(error.code(), "CODEC", error.message().to_owned()),
///             _ => error,
///         }
///     }
/// }
///
/// let config = seaworthy_contract::ContractConfig::default().with_errors(OlderReasons);
/// let error = Error::new(seaworthy_contract::Code::Invalid, reason::MALFORMED_REQUEST, "not JSON");
/// assert_eq!(config.errors.adapt(error).reason(), "CODEC");
/// ```
pub trait ErrorFormat: Send + Sync + 'static {
    /// Changes an error before it takes either form.
    fn adapt(&self, error: Error) -> Error {
        error
    }

    /// The answer over HTTP: a problem document (RFC 9457) by default.
    fn http(&self, error: Error) -> Response {
        error.into_response()
    }

    /// The status over gRPC: `google.rpc.Status` with details by default. The error goes along as the status's source, which is not sent, for
    /// the layers outside to log.
    fn grpc(&self, error: Error) -> tonic::Status {
        let mut status = to_status(&error);
        status.set_source(Arc::new(ResponseError::new(error)));
        status
    }
}

/// Problem documents and `google.rpc.Status`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Problems;

impl ErrorFormat for Problems {}
