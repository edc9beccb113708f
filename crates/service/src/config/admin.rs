use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use seaworthy_core::{Secret, Timeout};
use seaworthy_http::tls::TlsConfig;
use serde::{Deserialize, Serialize};

/// The default of `addr`: loopback, because the admin listener changes the running service.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9900);
/// The default of `timeout`. Neither operators nor scrapers wait longer.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(10);

/// The listener for operators: probes, metrics, settings, log levels, workers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// The address and port of the listener.
    pub addr: SocketAddr,
    /// The bearer token of operators. Production requires it if the address is not loopback. Probes
    /// and metrics need no token.
    #[serde(skip_serializing)]
    pub token: Option<Secret<String>>,
    /// TLS. Not set: connections are not encrypted. Client certificates cannot be required, because
    /// probes have none.
    pub tls: Option<TlsConfig>,
    /// Time limit for one request.
    pub timeout: Timeout,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            addr: DEFAULT_ADDRESS,
            token: None,
            tls: None,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}
