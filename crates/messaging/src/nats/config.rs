use std::{num::NonZeroU8, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// Keeps streams and subjects of messages apart from what else is on the same servers.
const DEFAULT_PREFIX: &str = "messages";
/// As long as a handler may take by default.
const DEFAULT_LEASE: Timeout = Timeout::from_secs(30);
/// A server that is starting or changing its leader may take a while; publishing asks again within its own time.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// A server that takes longer to say hello is not serving.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// A single server has no more.
const DEFAULT_REPLICAS: NonZeroU8 = NonZeroU8::MIN;

/// How NATS is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NatsConfig {
    /// What the names of all streams and subjects begin with: letters, digits, `-` and `_`.
    pub prefix: String,
    /// How long a message belongs to a process that says nothing more of it.
    pub lease: Timeout,
    /// How long an answer about streams and consumers may take.
    pub timeout: Timeout,
    /// How long connecting may take.
    pub connect_timeout: Timeout,
    /// How many servers of a cluster keep each stream. Streams that are there already stay as they are.
    pub replicas: NonZeroU8,
    /// A file with the certificates (PEM) of authorities that are trusted instead of those of the system, for `tls://`.
    pub certificate_authorities: Option<PathBuf>,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            lease: DEFAULT_LEASE,
            timeout: DEFAULT_TIMEOUT,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            replicas: DEFAULT_REPLICAS,
            certificate_authorities: None,
        }
    }
}
