//! Baselines: what was known on a day, so that a team sees what is new.
//!
//! A finding is known again by its fingerprint, which holds no line number: moved code stays known,
//! and a new finding in another place is new even when its rule is known there already.

mod compare;
mod earlier;
mod file;

pub use compare::Comparison;
pub(crate) use compare::compare;
pub use earlier::{Changes, EarlierReport, EarlierReportError};
pub use file::{Baseline, BaselineEntry, BaselineError};

#[cfg(test)]
mod tests;
