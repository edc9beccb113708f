//! A call to another system.

use crate::model::{Fact, Resolution};

/// A call, or the client that makes calls.
#[derive(Debug, Clone)]
pub struct OutboundCall {
    /// The client library.
    pub library: &'static str,
    /// The timeout in words, or absent if there is none.
    pub timeout: Resolution<String>,
}

impl Fact for OutboundCall {
    const KIND: &'static str = "outbound calls";
}
