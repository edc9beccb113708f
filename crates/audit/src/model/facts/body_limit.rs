//! The bound on a request's body.

use crate::model::Fact;

/// A bound that is literal in the code.
#[derive(Debug, Clone)]
pub struct BodyLimit {
    /// The bound, in bytes.
    pub bytes: u64,
}

impl Fact for BodyLimit {
    const KIND: &'static str = "body limits";
}
