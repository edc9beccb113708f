//! Preflight (CONF-3): in production a service with an unsafe setting does not start.
//!
//! Each rule is one file under `rules/` and has the ID of a requirement. The rules get the
//! effective settings as a flat list of keys. So they cover the settings of the service and of the
//! framework. A rule finds its settings by the [`Mark`](seaworthy_config::Mark)s that their types
//! declare, never by the spelling of a key. A type declares a value that is always unsafe with
//! `x-unsafe`, see [`UnsafeValue`](seaworthy_config::UnsafeValue).
//!
//! Some unsafe states need no rule because they cannot be expressed. A
//! [`Timeout`](seaworthy_core::Timeout) is never absent or zero, and no setting adds internal error
//! text to responses.

mod allowance;
mod facts;
mod memory;
mod report;
mod rules;
mod violation;

pub use allowance::{Allowance, allowances, allowed};
pub use facts::{Facts, Setting};
pub(crate) use memory::memory_limit;
pub(crate) use report::warn;
pub use report::{json, text};
pub use rules::{check, weak_key_reason};
pub use violation::Violation;

#[cfg(test)]
mod tests;
