//! Code that waits for a signal to stop.

use crate::model::Fact;

/// One registration.
#[derive(Debug, Clone)]
pub struct SignalHandling {
    /// Signals by name.
    pub signals: Vec<String>,
}

impl Fact for SignalHandling {
    const KIND: &'static str = "signal handlers";
}
