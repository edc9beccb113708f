use seaworthy::prelude::*;

/// The secrets from which all keys of stored values are derived.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeysConfig {
    /// The seed of the root key, at least 32 bytes. Required. Without it, stored values cannot be read.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub(crate) seed: Option<Secret<String>>,
    /// The salt of the root key, at least 16 bytes. Required.
    #[serde(skip_serializing)]
    pub(crate) salt: Option<Secret<String>>,
}
