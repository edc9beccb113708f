//! Errors on both transports (API-2).

mod coded;
mod details;
mod error_code;
mod format;
mod library_code;
mod log;
mod protobuf;
pub mod reason;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use log::log_in_stream;
pub(crate) use protobuf::protobuf_problem;

pub use coded::{CodedErrors, ErrorResponse, FieldError};
pub use error_code::ErrorCode;
pub use format::{ErrorFormat, Problems};
pub use library_code::LibraryCode;
pub(crate) use status::from_request_stream;
pub use status::{from_status, to_status, to_status_in_domain};
