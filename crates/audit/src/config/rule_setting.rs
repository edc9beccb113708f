//! The setting of a rule.

use crate::rule::Severity;

/// A setting of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSetting {
    /// A breach is worth this here, whatever the rule says.
    Severity(Severity),
    /// The rule is not asked, for this reason. The report says so.
    Off {
        /// Why.
        reason: String,
    },
}
