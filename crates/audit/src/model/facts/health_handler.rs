//! The behaviour of a health route.

use crate::model::Fact;

/// A handler of a health path, as far as one file shows it.
#[derive(Debug, Clone)]
pub struct HealthHandler {
    /// The path.
    pub path: String,
    /// Whether the response is constant.
    pub constant: bool,
    /// Whether the body reports a state while the status is always the same.
    pub reports_state: bool,
    /// The called functions as written, in lower case.
    pub calls: Vec<String>,
}

impl HealthHandler {
    /// Whether the path is the path of a readiness check.
    #[must_use]
    pub fn is_readiness(&self) -> bool {
        self.path.contains("ready") || self.path.contains("readiness")
    }
}

impl Fact for HealthHandler {
    const KIND: &'static str = "health handlers";
}
