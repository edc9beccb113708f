use serde::{Deserialize, Serialize};

/// A setting of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The key. `NAME` is a name that the user chooses.
    pub key: String,
    /// The environment variable that sets it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// The type as text.
    pub kind: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether a change takes effect without a restart.
    pub reloadable: bool,
}
