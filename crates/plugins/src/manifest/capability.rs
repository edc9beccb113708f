use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Interface;

/// Functions of the host that a manifest requests and the operator grants.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// Writes lines of at most 4 KiB to the log of the service, with the name of the plugin.
    Log,
    /// Reads the time in steps of 10 ms.
    Clock,
    /// Reads its own settings.
    Config,
    /// Keeps keys in memory, within `max_stored_size`, until the plugin is reloaded or unloaded.
    KeyValue,
    /// Sends requests to the hosts that the operator lists.
    Http,
    /// Publishes events of the types that the operator lists, from the interface `0.3.0` on.
    Events,
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
            Self::Events => "events",
        }
    }

    /// Returns the first version of the interface with this capability.
    pub(crate) const fn since(self) -> Interface {
        match self {
            Self::Log | Self::Clock | Self::Config | Self::KeyValue | Self::Http => Interface::V0_1,
            Self::Events => Interface::V0_3,
        }
    }
}
