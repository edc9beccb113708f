use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Capability, EventType};

/// The capabilities that the operator grants to one plugin, and the keys of its signers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrantConfig {
    /// The capabilities.
    pub capabilities: Vec<Capability>,
    /// The hosts that the capability `http` reaches: `api.example.com`, or `api.example.com:8443`
    /// for one port only.
    pub http_hosts: Vec<String>,
    /// Whether these hosts may have internal addresses. The default is false: the service then
    /// rejects a host whose name resolves to an internal address.
    pub internal_addresses: bool,
    /// The types of the events that the capability `events` publishes, such as `order.flagged`.
    /// Only the service publishes `plugin.*`, `system.*` and `config.*`.
    #[schemars(with = "Vec<String>")]
    pub event_types: Vec<EventType>,
    /// The public keys of the signers of this plugin. They replace
    /// `plugins.security.trusted_keys`, whose holders can sign a plugin of any name. With an empty
    /// list, no signature is valid. The service does not start if the plugin has no folder.
    pub trusted_keys: Option<Vec<String>>,
}
