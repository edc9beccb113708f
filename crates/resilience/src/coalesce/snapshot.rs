use serde::Serialize;

/// Coalescing at one moment, for the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoalesceSnapshot {
    /// Requests that got the response of an equal one, since the start.
    pub coalesced: u64,
}
