use std::borrow::Cow;

use serde::Serialize;

/// One unsafe setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// The requirement that the setting breaks, such as `SEC-2`.
    pub id: Cow<'static, str>,
    /// The key, such as `server.http.cors.allowed_origins`.
    pub key: String,
    /// The place that set the value.
    pub origin: String,
    /// The unsafe value and its consequence.
    pub why: String,
    /// The correction.
    pub fix: String,
}
