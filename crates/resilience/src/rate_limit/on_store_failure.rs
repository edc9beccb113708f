use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to a request when Redis cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnStoreFailure {
    /// It is refused with 503 `SERVICE_DEGRADED`: the default, because a limit may be what protects the rest.
    #[default]
    Closed,
    /// It goes on, uncounted.
    Open,
    /// This process counts alone, with the whole limit.
    Local,
}
