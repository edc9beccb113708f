//! Baselines: stored findings, so that a report shows which findings are new.
//!
//! A fingerprint identifies a finding and contains no line number. Moved code stays known, and a
//! finding in another place is new even if the baseline contains its rule.

mod compare;
mod earlier;
mod file;

pub use compare::Comparison;
pub(crate) use compare::compare;
pub use earlier::{Changes, EarlierReport, EarlierReportError};
pub use file::{Baseline, BaselineEntry, BaselineError};

#[cfg(test)]
mod tests;
