//! Settings of an audit.

use crate::repository::Limits;

/// Settings of an audit.
#[derive(Debug, Clone, Default)]
pub struct AuditConfig {
    /// What it may cost.
    pub limits: Limits,
}
