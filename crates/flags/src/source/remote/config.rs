use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `poll_interval`. A poll of an unchanged document costs a few hundred bytes.
const DEFAULT_POLL_INTERVAL: Timeout = Timeout::from_secs(10);

/// Settings of a flag server whose flags are the lowest layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteConfig {
    /// The kind of server.
    pub source: RemoteSource,
    /// With `http`: the path of a document in flagd's format, below clients.flags.base_url.
    pub path: String,
    /// With `http`: how often the document is read. An unchanged one is not sent again (ETag).
    pub poll_interval: Timeout,
    /// With `flagd`: the selector of flags, such as flagSetId=orders.
    pub selector: String,
}

/// The kind of a flag server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemoteSource {
    /// No flag server.
    #[default]
    None,
    /// A document over HTTP, with the client `clients.flags`.
    Http,
    /// The gRPC API `flagd.sync.v1`, with the client `grpc_clients.flags`.
    Flagd,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            source: RemoteSource::None,
            path: "/flags.json".to_owned(),
            poll_interval: DEFAULT_POLL_INTERVAL,
            selector: String::new(),
        }
    }
}
