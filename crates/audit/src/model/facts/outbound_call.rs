//! A call to another system.

use crate::model::{Fact, Resolution};

/// A call, or the client that makes calls.
#[derive(Debug, Clone)]
pub struct OutboundCall {
    /// The client library.
    pub library: &'static str,
    /// What bounds its time, in words; absent when nothing does.
    pub timeout: Resolution<String>,
}

impl Fact for OutboundCall {
    const KIND: &'static str = "outbound calls";
}
