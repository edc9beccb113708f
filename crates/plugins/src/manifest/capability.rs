use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a plugin may use beside its memory.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Writes lines to the log of the service, with the name of the plugin.
    Log,
    /// Reads the time in steps of 10 ms.
    Clock,
    /// Reads its own settings.
    Config,
    /// Keeps keys in memory, within a quota.
    KeyValue,
    /// Calls hosts that the operator lists.
    Http,
}

impl Capability {
    /// Returns the name in manifests and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Clock => "clock",
            Self::Config => "config",
            Self::KeyValue => "key_value",
            Self::Http => "http",
        }
    }
}
