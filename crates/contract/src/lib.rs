//! What generated contracts need at run time.

mod violation;
pub mod json;

pub use violation::{Field, MOST_VIOLATIONS, Naming, Violations};
