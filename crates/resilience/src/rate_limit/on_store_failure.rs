use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to a request when Redis cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(extend("x-unsafe" = [{
    "id": "RES-6",
    "value": "open",
    "why": "the limiter admits every request while its store does not answer",
    "fix": "set it to closed, or to local to limit each replica by itself"
}]))]
pub enum OnStoreFailure {
    /// It is refused with 503 `SERVICE_DEGRADED`: the default, because a limit may be what protects the rest.
    #[default]
    Closed,
    /// It goes on, uncounted.
    Open,
    /// This process counts alone, with the whole limit.
    Local,
}
