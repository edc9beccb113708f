use std::{num::NonZeroU16, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_client::Propagation;
use seaworthy_core::Timeout;
use seaworthy_resilience::policies::PoliciesConfig;
use serde::{Deserialize, Serialize};

/// One round trip and a lost packet, on any network that calls are made over, and the handshakes behind it.
const CONNECT_TIMEOUT: Timeout = Timeout::from_millis(1_500);
/// As often as the server asks: a connection that died silently is found before the next burst.
const PING_INTERVAL: Timeout = Timeout::from_secs(30);
/// A peer that answers later than this is as good as gone.
const PING_TIMEOUT: Timeout = Timeout::from_secs(10);
/// What names of services are cached for in most clusters: a replica that was added is called within half a minute.
const RESOLVE_INTERVAL: Timeout = Timeout::from_secs(15);
/// Enough to spread the load evenly; a hundred replicas times a hundred callers would be ten thousand connections.
const MAXIMUM_CONNECTIONS: NonZeroU16 = NonZeroU16::new(16).unwrap();

/// How a dependency is called over gRPC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrpcClientConfig {
    /// Where it listens, such as `https://orders:7000`. Calls are spread over all addresses of the name.
    pub url: String,
    /// How long a connection may take to open, TLS included.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Timeout,
    /// How often a peer is asked for a sign of life.
    #[serde(default = "ping_interval")]
    pub ping_interval: Timeout,
    /// How long the answer to that may take.
    #[serde(default = "ping_timeout")]
    pub ping_timeout: Timeout,
    /// How often the addresses of the name are asked for anew.
    #[serde(default = "resolve_interval")]
    pub resolve_interval: Timeout,
    /// Connections at once, one to each address.
    #[serde(default = "max_connections")]
    pub max_connections: NonZeroU16,
    /// TLS, for `https://`.
    #[serde(default)]
    pub tls: GrpcClientTlsConfig,
    /// Whether one breaker judges all calls, or each method has its own.
    #[serde(default)]
    pub breaker_per: BreakerPer,
    /// What of the running request the dependency is told.
    #[serde(default)]
    pub propagation: Propagation,
    /// What bounds and repeats calls: `timeout` is the time until one answer begins, `total` that of the whole call with every attempt and the streams.
    #[serde(default)]
    pub policies: PoliciesConfig,
}

/// What a breaker of a gRPC client stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerPer {
    /// The whole dependency: where it is ill as a whole, the calls of every method show it, and it is left alone sooner.
    #[default]
    Dependency,
    /// Each method: one that fails is refused, and the others go on. Places and retries stay those of the dependency.
    Method,
}

/// Whom a client believes and what it shows. The files are read for every connection, so that a certificate that changes is taken up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcClientTlsConfig {
    /// PEM file with the authorities that the server's certificate must come from. Not set: those of the system.
    pub ca: Option<PathBuf>,
    /// PEM file with this client's certificate, where the server asks for one.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
    /// The name in the server's certificate, where it is not the host of the URL.
    pub server_name: Option<String>,
}

const fn connect_timeout() -> Timeout {
    CONNECT_TIMEOUT
}

const fn ping_interval() -> Timeout {
    PING_INTERVAL
}

const fn ping_timeout() -> Timeout {
    PING_TIMEOUT
}

const fn resolve_interval() -> Timeout {
    RESOLVE_INTERVAL
}

const fn max_connections() -> NonZeroU16 {
    MAXIMUM_CONNECTIONS
}

impl GrpcClientConfig {
    /// The defaults, for a service at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: CONNECT_TIMEOUT,
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            resolve_interval: RESOLVE_INTERVAL,
            max_connections: MAXIMUM_CONNECTIONS,
            tls: GrpcClientTlsConfig::default(),
            breaker_per: BreakerPer::default(),
            propagation: Propagation::default(),
            policies: PoliciesConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_enough_and_unknown_settings_are_refused_conf_1() {
        let config: GrpcClientConfig = serde_json::from_str(r#"{"url":"http://a"}"#).unwrap();
        assert_eq!(config, GrpcClientConfig::new("http://a"));
        let unknown = r#"{"url":"http://a","retry":1}"#;
        assert!(serde_json::from_str::<GrpcClientConfig>(unknown).is_err());
        assert!(serde_json::from_str::<GrpcClientConfig>("{}").is_err());
    }
}
