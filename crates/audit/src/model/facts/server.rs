//! A server that is started.

use crate::model::Fact;

/// A call that starts serving.
#[derive(Debug, Clone)]
pub struct Server {
    /// The framework.
    pub framework: &'static str,
    /// Whether the framework stops gracefully on SIGTERM by itself.
    pub stops_by_itself: bool,
}

impl Fact for Server {
    const KIND: &'static str = "servers";
}
