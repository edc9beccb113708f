//! An address that a service listens on.

use crate::model::{Fact, Resolution};

/// One listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// The host part. If it is empty, the listener is open on every interface.
    pub host: Resolution<String>,
    /// The port.
    pub port: Resolution<u16>,
}

impl Fact for Listener {
    const KIND: &'static str = "listeners";
}
