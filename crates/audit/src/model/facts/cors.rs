//! Cross-origin rules of a service.

use crate::model::{Fact, Resolution};

/// The origins that a service allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Literal `*`.
    Any,
    /// Literal `*` if a setting is missing.
    AnyWithoutSetting,
    /// The request origin is reflected.
    Reflected,
    /// A list of origins.
    List(Vec<String>),
}

/// A CORS policy that is wired.
#[derive(Debug, Clone)]
pub struct Cors {
    /// The library or middleware.
    pub library: &'static str,
    /// The allowed origins.
    pub origins: Resolution<CorsOrigins>,
    /// Whether requests may contain cookies.
    pub credentials: Resolution<bool>,
}

impl Fact for Cors {
    const KIND: &'static str = "CORS policies";
}
