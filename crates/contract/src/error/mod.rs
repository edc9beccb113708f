//! One error type, two transports (API-2).

mod details;
mod format;
pub mod reason;
mod status;
#[cfg(test)]
mod tests;

pub use format::{ErrorFormat, Problems};
pub use status::{from_status, to_status};
