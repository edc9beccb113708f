use std::{num::NonZeroU16, path::PathBuf};

use schemars::JsonSchema;
use seaworthy_client::Propagation;
use seaworthy_core::Timeout;
use seaworthy_resilience::policies::PoliciesConfig;
use serde::{Deserialize, Serialize};

/// The default of `connect_timeout`: a round trip with a lost packet, and the handshakes.
const DEFAULT_CONNECT_TIMEOUT: Timeout = Timeout::from_millis(1_500);
/// The default of `ping_interval`, as on the server: finds a dead connection before a burst.
const DEFAULT_PING_INTERVAL: Timeout = Timeout::from_secs(30);
/// The default of `ping_timeout`. A peer that needs longer cannot serve.
const DEFAULT_PING_TIMEOUT: Timeout = Timeout::from_secs(10);
/// The default of `resolve_interval`: a new replica gets calls within half a minute.
const DEFAULT_RESOLVE_INTERVAL: Timeout = Timeout::from_secs(15);
/// The default of `max_connections`, enough to balance the load. 100 replicas with 100 clients
/// each would otherwise have 10,000 connections.
const DEFAULT_MAX_CONNECTIONS: NonZeroU16 = NonZeroU16::new(16).unwrap();

/// A gRPC client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrpcClientConfig {
    /// The URL of the dependency, such as `https://orders:7000`. Calls are balanced over all
    /// addresses of the name.
    #[schemars(extend("x-link" = true, "x-reloadable" = true))]
    pub url: String,
    /// Time limit for opening a connection, TLS included.
    #[serde(default = "connect_timeout")]
    #[schemars(extend("x-reloadable" = true))]
    pub connect_timeout: Timeout,
    /// Interval of HTTP/2 pings.
    #[serde(default = "ping_interval")]
    #[schemars(extend("x-reloadable" = true))]
    pub ping_interval: Timeout,
    /// Time limit for the response to a ping.
    #[serde(default = "ping_timeout")]
    #[schemars(extend("x-reloadable" = true))]
    pub ping_timeout: Timeout,
    /// Interval of name resolution.
    #[serde(default = "resolve_interval")]
    #[schemars(extend("x-reloadable" = true))]
    pub resolve_interval: Timeout,
    /// Maximum connections. The client opens one for each address.
    #[serde(default = "max_connections")]
    #[schemars(extend("x-reloadable" = true))]
    pub max_connections: NonZeroU16,
    /// TLS, for `https://`.
    #[serde(default)]
    #[schemars(extend("x-reloadable" = true))]
    pub tls: GrpcClientTlsConfig,
    /// Whether the dependency or each method has a circuit breaker.
    #[serde(default)]
    #[schemars(extend("x-reloadable" = true))]
    pub breaker_per: BreakerScope,
    /// The properties of the current request that the client forwards.
    #[serde(default)]
    #[schemars(extend("x-reloadable" = true))]
    pub propagation: Propagation,
    /// Timeouts, retries, circuit breaker and bulkhead. `attempt_timeout` limits the time until a
    /// response begins, `total_timeout` the whole call with all attempts and streams.
    #[serde(default)]
    pub policies: PoliciesConfig,
}

/// The scope of a circuit breaker of a gRPC client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerScope {
    /// The whole dependency. The breaker opens sooner if all methods fail.
    #[default]
    Dependency,
    /// Each method. If one fails, the others continue. Bulkhead and retry budget stay those of the
    /// dependency.
    Method,
}

/// TLS of a gRPC client. The files are read for every connection, so that a renewed certificate is
/// used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcClientTlsConfig {
    /// PEM file with the certificate authorities for the server's certificate. Not set: those of
    /// the system.
    pub ca: Option<PathBuf>,
    /// PEM file with the client certificate, if the server requests one.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of the client certificate.
    pub key: Option<PathBuf>,
    /// The name in the server's certificate, if it differs from the host of the URL.
    pub server_name: Option<String>,
}

const fn connect_timeout() -> Timeout {
    DEFAULT_CONNECT_TIMEOUT
}

const fn ping_interval() -> Timeout {
    DEFAULT_PING_INTERVAL
}

const fn ping_timeout() -> Timeout {
    DEFAULT_PING_TIMEOUT
}

const fn resolve_interval() -> Timeout {
    DEFAULT_RESOLVE_INTERVAL
}

const fn max_connections() -> NonZeroU16 {
    DEFAULT_MAX_CONNECTIONS
}

impl GrpcClientConfig {
    /// Returns the defaults for a dependency at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            ping_interval: DEFAULT_PING_INTERVAL,
            ping_timeout: DEFAULT_PING_TIMEOUT,
            resolve_interval: DEFAULT_RESOLVE_INTERVAL,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            tls: GrpcClientTlsConfig::default(),
            breaker_per: BreakerScope::default(),
            propagation: Propagation::default(),
            policies: PoliciesConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_url_alone_and_rejects_unknown_settings_conf_1() {
        let config: GrpcClientConfig = serde_json::from_str(r#"{"url":"http://a"}"#).unwrap();
        assert_eq!(config, GrpcClientConfig::new("http://a"));
        let unknown = r#"{"url":"http://a","retry":1}"#;
        assert!(serde_json::from_str::<GrpcClientConfig>(unknown).is_err());
        assert!(serde_json::from_str::<GrpcClientConfig>("{}").is_err());
    }
}
