use std::{num::NonZeroU8, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use serde::{Deserialize, Serialize};

/// The default of `prefix`, which separates streams and subjects from others on the same servers.
const DEFAULT_PREFIX: &str = "messages";
/// The default of `claim_ttl`, the default time limit of a handler.
const DEFAULT_CLAIM_TTL: Timeout = Timeout::from_secs(30);
/// The default of `timeout`. A starting server may be slow. Publishers retry longer.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(2);
/// The default of `connect_timeout`. A server that needs longer is not usable.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_secs(5);
/// The default of `replicas`. A single server supports one replica.
const DEFAULT_REPLICAS: NonZeroU8 = NonZeroU8::MIN;

/// Settings of NATS JetStream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NatsConfig {
    /// The prefix of all streams and subjects: letters, digits, `-` and `_`.
    pub prefix: String,
    /// How long a session may hold a message without extending it.
    pub claim_ttl: Timeout,
    /// The time limit of a request to JetStream.
    pub timeout: Timeout,
    /// The time limit of a connection attempt.
    pub connect_timeout: Timeout,
    /// The number of servers of a cluster that store each stream. Existing streams keep theirs.
    pub replicas: NonZeroU8,
    /// A file with the certificates (PEM) of trusted authorities for `tls://`, instead of those of
    /// the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            prefix: DEFAULT_PREFIX.to_owned(),
            claim_ttl: DEFAULT_CLAIM_TTL,
            timeout: DEFAULT_TIMEOUT,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            replicas: DEFAULT_REPLICAS,
            ca_file: None,
        }
    }
}
