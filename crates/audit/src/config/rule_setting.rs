//! The setting of a rule.

use crate::rule::Severity;

/// A setting of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSetting {
    /// The severity of a breach in this repository.
    Severity(Severity),
    /// The rule does not run, for this reason. The report contains the reason.
    Off {
        /// The reason, for the report.
        reason: String,
    },
}
