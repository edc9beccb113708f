//! How long a service takes to stop.

use crate::model::{Fact, Resolution};

/// The time that code allows for finishing what runs after a signal.
#[derive(Debug, Clone)]
pub struct Drain {
    /// The time, in seconds.
    pub seconds: Resolution<u64>,
}

impl Fact for Drain {
    const KIND: &'static str = "drain times";
}
