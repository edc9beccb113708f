//! Preflight (CONF-3): under `production` a service with an unsafe setting does not start.
//!
//! Each rule is one small file under `rules/`, has the catalogue's ID, and sees the effective settings as a flat list of keys, so that a rule about
//! links or secrets covers the service's own settings as well as the framework's. Several of the catalogue's unsafe states have no rule
//! because they cannot be written down: a [`Timeout`](seaworthy_core::Timeout) cannot be absent or zero, and no setting puts internal error text into answers.

mod facts;
mod memory;
mod report;
mod rules;
mod violation;

pub use facts::{Facts, Setting};
pub(crate) use memory::memory_limit;
pub use report::{json, text};
pub use rules::check;
pub use violation::Violation;

#[cfg(test)]
mod tests;
