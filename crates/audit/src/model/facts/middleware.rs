//! A middleware of an inbound pipeline.

use crate::model::Fact;

/// One registration. Order is the order of the facts within one file and pipeline.
#[derive(Debug, Clone)]
pub struct Middleware {
    /// The registered middleware, as written.
    pub name: String,
    /// The router or server that runs the middleware.
    pub pipeline: String,
}

impl Fact for Middleware {
    const KIND: &'static str = "middleware";
}
