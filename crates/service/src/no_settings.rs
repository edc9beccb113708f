use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of a service that has none of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoSettings {}
