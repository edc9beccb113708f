use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The files are part of the deployment, beside the settings.
const DEFAULT_NAME: &str = "features";

/// Settings of feature flags.
///
/// ```
/// use seaworthy_flags::{Bucketing, FlagsConfig};
///
/// let config = FlagsConfig { directory: "/etc/orders".into(), ..FlagsConfig::default() };
/// assert_eq!(config.bucketing, Bucketing::V3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlagsConfig {
    /// The directory of the flag files. The default is the working directory.
    pub directory: PathBuf,
    /// The name of the flag files: NAME.yaml, NAME.PROFILE.yaml and NAME.json.
    pub name: String,
    /// How `fractional` assigns users to variants. A change assigns every user anew.
    pub bucketing: Bucketing,
}

impl Default for FlagsConfig {
    fn default() -> Self {
        Self {
            directory: PathBuf::from("."),
            name: DEFAULT_NAME.to_owned(),
            bucketing: Bucketing::default(),
        }
    }
}

/// The version of the operator `fractional`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bucketing {
    /// Hashes the UTF-8 text of a string. Compatible with flagd and its providers of 2025.
    V2,
    /// Hashes the canonical CBOR of any value. Compatible with flagd providers from late 2026.
    #[default]
    V3,
}
