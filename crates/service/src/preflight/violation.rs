use serde::Serialize;

/// One unsafe setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// The requirement that it breaks, such as `SEC-2`.
    pub id: &'static str,
    /// The setting's key, such as `server.http.cors.allowed_origins`.
    pub key: String,
    /// Where its value comes from.
    pub origin: String,
    /// What is unsafe and why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
}
