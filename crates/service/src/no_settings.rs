use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings type of a service without its own settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoSettings {}
