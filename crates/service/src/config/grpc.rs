use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use seaworthy_http::{
    AccessLogConfig, AddressRange, CorsConfig, ForwardedHeader, HttpConfig, LoadShedConfig,
    RateLimitConfig,
    server::{LimitsConfig, ListenerConfig, Protocols},
    tls::TlsConfig,
};
use serde::{Deserialize, Serialize};

/// Loopback, as for HTTP, one port of the thousands below it.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

/// The listener for gRPC calls: its socket, and what happens to every call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcConfig {
    /// Where it listens.
    #[serde(deserialize_with = "super::listening::address")]
    pub addr: SocketAddr,
    /// TLS; without it plain text is spoken.
    pub tls: Option<TlsConfig>,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// Limits of connections, heads, bodies, answers and HTTP/2.
    pub limits: LimitsConfig,
    /// How long a call may take until its answer begins. A client shortens it with grpc-timeout, which then bounds the whole call; nothing lengthens it.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-3", "above": "10m" }]))]
    pub timeout: Timeout,
    /// The proxies whose word on the client's address is believed: ranges such as 10.0.0.0/8. Empty: nobody's.
    #[schemars(extend("x-trusted-proxies" = true))]
    pub trusted_proxies: Vec<AddressRange>,
    /// The one header in which they write it.
    pub forwarded_header: ForwardedHeader,
    /// Calls per caller.
    pub rate_limit: RateLimitConfig,
    /// Calls at once.
    pub load_shed: LoadShedConfig,
    /// One log line per call.
    pub access_log: AccessLogConfig,
    /// Whether clients may ask which methods there are. Not set: in development and tests only.
    pub reflection: Option<bool>,
}

impl Default for GrpcConfig {
    fn default() -> Self {
        let listener = ListenerConfig::default();
        let stack = HttpConfig::default();
        Self {
            addr: DEFAULT_ADDRESS,
            tls: None,
            backlog: listener.backlog,
            limits: listener.limits,
            timeout: stack.timeout,
            trusted_proxies: stack.trusted_proxies,
            forwarded_header: stack.forwarded_header,
            rate_limit: stack.rate_limit,
            load_shed: stack.load_shed,
            access_log: stack.access_log,
            reflection: None,
        }
    }
}

impl GrpcConfig {
    /// The socket's part.
    #[must_use]
    pub fn listener(&self) -> ListenerConfig {
        ListenerConfig {
            address: self.addr,
            protocols: Protocols::Http2,
            backlog: self.backlog,
            limits: self.limits.clone(),
            tls: self.tls.clone(),
        }
    }

    /// The stack's part. The size of messages is limited one by one, so a stream of them is bounded by the listener's own maximum alone.
    #[must_use]
    pub fn stack(&self) -> HttpConfig {
        HttpConfig {
            timeout: self.timeout,
            max_body_size: self.limits.body.max_size,
            trusted_proxies: self.trusted_proxies.clone(),
            forwarded_header: self.forwarded_header,
            cors: CorsConfig::default(),
            rate_limit: self.rate_limit.clone(),
            load_shed: self.load_shed.clone(),
            access_log: self.access_log.clone(),
            ..HttpConfig::default()
        }
    }
}
