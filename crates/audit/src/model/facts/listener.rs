//! An address that a service listens on.

use crate::model::{Fact, Resolution};

/// One listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Host part; empty means every interface.
    pub host: Resolution<String>,
    /// Port.
    pub port: Resolution<u16>,
}

impl Fact for Listener {
    const KIND: &'static str = "listeners";
}
