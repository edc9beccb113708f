//! Suppressions: findings that a person has accepted. Each has a reason, may expire, and is in
//! every report.
//!
//! You suppress a finding in a comment on its line or above it: `# seaworthy: allow
//! SHIP-1.root-user until 2027-01-31 because the platform maps the user`. For files without
//! comments, use the configuration file.

mod apply;
mod comment;
mod configured;

pub(crate) use apply::apply;
pub use apply::{Notice, Suppressed};
pub use configured::ConfiguredSuppression;

#[cfg(test)]
mod tests;
