use std::{fmt, sync::Arc};

use seaworthy_core::ByteSize;

use crate::{
    AroundCalls,
    error::{ErrorFormat, Problems},
};

/// The default of `max_body_size`: 4 MiB as base64 (the default of gRPC), and other fields.
const DEFAULT_MAX_BODY_SIZE: ByteSize = ByteSize::mebibytes(6);

/// Settings of a contract, for both transports.
///
/// ```
/// use seaworthy_contract::ContractConfig;
/// use seaworthy_core::ByteSize;
///
/// let config = ContractConfig {
///     max_body_size: ByteSize::mebibytes(1),
///     ..ContractConfig::default()
/// };
/// assert!(!config.error_headers);
/// ```
#[derive(Clone)]
pub struct ContractConfig {
    /// The maximum size of a request body, and of a message over gRPC.
    pub max_body_size: ByteSize,
    /// The format of errors on both transports.
    pub errors: Arc<dyn ErrorFormat>,
    /// Whether gRPC errors are sent as headers followed by trailers, instead of trailers alone.
    pub error_headers: bool,
    /// The work around unsafe calls.
    pub around: Option<Arc<dyn AroundCalls>>,
}

impl ContractConfig {
    /// Sets the format of errors.
    #[must_use]
    pub fn with_errors(mut self, errors: impl ErrorFormat) -> Self {
        self.errors = Arc::new(errors);
        self
    }

    /// Sends gRPC errors as headers followed by trailers. Clients then find `x-request-id` in the
    /// initial metadata of failed calls too, and do not retry these calls automatically.
    #[must_use]
    pub fn with_error_headers(mut self) -> Self {
        self.error_headers = true;
        self
    }

    /// Sets the work around unsafe calls.
    #[must_use]
    pub fn with_around_calls(mut self, around: impl AroundCalls) -> Self {
        self.around = Some(Arc::new(around));
        self
    }
}

impl Default for ContractConfig {
    fn default() -> Self {
        Self {
            max_body_size: DEFAULT_MAX_BODY_SIZE,
            errors: Arc::new(Problems),
            error_headers: false,
            around: None,
        }
    }
}

impl fmt::Debug for ContractConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContractConfig")
            .field("max_body_size", &self.max_body_size)
            .finish_non_exhaustive()
    }
}
