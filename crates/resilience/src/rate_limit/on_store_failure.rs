use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The decision about a request while Redis is unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("x-unsafe" = [{
    "id": "RES-6",
    "value": "open",
    "why": "the limiter admits every request while its store does not answer",
    "fix": "set it to closed, or to local to limit each replica by itself"
}]))]
pub enum OnStoreFailure {
    /// Rejects it with 503 `SERVICE_DEGRADED`. This is the default, because the limit may protect
    /// other services.
    #[default]
    Closed,
    /// Accepts it.
    Open,
    /// Counts in this process only, with the whole limit.
    Local,
}
