use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use seaworthy_core::{Error, ResponseError};

use super::to_status;

/// The format of errors on both transports. Implement it to keep the error envelope or the reasons
/// of a legacy service.
///
/// ```
/// use seaworthy_contract::{Error, error::{ErrorFormat, reason}};
///
/// /// Returns `CODEC` for a request that cannot be read, as the legacy service did.
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
    /// Changes an error before its conversion to either format.
    fn adapt(&self, error: Error) -> Error {
        error
    }

    /// Returns the HTTP response. The default is a problem document (RFC 9457).
    fn http(&self, error: Error) -> Response {
        error.into_response()
    }

    /// Returns the gRPC status. The default is `google.rpc.Status` with details. The error is the
    /// source of the status, for logs. It is not sent. If a status such as `UNAVAILABLE` has no
    /// [`ResponseError`] as its source, the listener replaces its message and details.
    fn grpc(&self, error: Error) -> tonic::Status {
        let mut status = to_status(&error);
        status.set_source(Arc::new(ResponseError::new(error)));
        status
    }
}

/// The default format: problem documents and `google.rpc.Status`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Problems;

impl ErrorFormat for Problems {}
