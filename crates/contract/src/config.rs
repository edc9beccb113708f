use std::{fmt, sync::Arc};

use seaworthy_core::ByteSize;

use crate::error::{ErrorFormat, Problems};

/// Lets 4 MiB of bytes through as base64, the size that gRPC takes by default, with room for the other fields.
const BODY_LIMIT: ByteSize = ByteSize::mebibytes(6);

/// How a contract is served.
#[derive(Clone)]
pub struct ContractConfig {
    /// The largest body of an HTTP request.
    pub body_limit: ByteSize,
    /// The form of errors on both transports.
    pub errors: Arc<dyn ErrorFormat>,
    /// Whether gRPC errors are sent as headers followed by trailers, instead of trailers alone.
    pub error_headers: bool,
}

impl ContractConfig {
    /// The same with another form of errors.
    #[must_use]
    pub fn with_errors(mut self, errors: impl ErrorFormat) -> Self {
        self.errors = Arc::new(errors);
        self
    }

    /// Sends gRPC errors as headers followed by trailers. Clients then find `x-request-id` in the
    /// initial metadata of failed calls too, and do not retry these calls by themselves.
    #[must_use]
    pub fn with_error_headers(mut self) -> Self {
        self.error_headers = true;
        self
    }
}

impl Default for ContractConfig {
    fn default() -> Self {
        Self {
            body_limit: BODY_LIMIT,
            errors: Arc::new(Problems),
            error_headers: false,
        }
    }
}

impl fmt::Debug for ContractConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContractConfig")
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}
