use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

/// Loopback: what changes a running service is not for the network, unless somebody says so.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9900);
/// A person and a scraper wait this long at most.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);

/// The listener for operators: probes, metrics, settings, log levels, workers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Where it listens.
    pub addr: SocketAddr,
    /// What callers must send as a bearer token; required in production where the address is not loopback. Probes and metrics need none.
    #[serde(skip_serializing)]
    pub token: Option<Secret<String>>,
    /// How long one request may take.
    pub timeout: Timeout,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            addr: DEFAULT_ADDRESS,
            token: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}
