//! Cross-origin rules of a service.

use crate::model::{Fact, Resolution};

/// Whom a service answers across origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Literal `*`.
    Any,
    /// Whatever origin asks is sent back.
    Reflected,
    /// A list of origins.
    List(Vec<String>),
}

/// A CORS policy that is wired.
#[derive(Debug, Clone)]
pub struct Cors {
    /// The library or middleware.
    pub library: &'static str,
    /// Origins.
    pub origins: Resolution<CorsOrigins>,
    /// Whether cookies may come along.
    pub credentials: Resolution<bool>,
}

impl Fact for Cors {
    const KIND: &'static str = "CORS policies";
}
