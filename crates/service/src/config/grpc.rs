use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use seaworthy_core::Timeout;
use seaworthy_http::{
    AccessLogConfig, AddressRange, CorsConfig, ForwardedHeader, HttpConfig, LoadShedConfig,
    RateLimitsConfig,
    server::{LimitsConfig, ListenerConfig, Protocols},
    tls::TlsConfig,
};
use serde::{Deserialize, Serialize};

/// The default of `addr`: loopback, so that other machines cannot reach a development service.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

/// The gRPC listener.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcConfig {
    /// The address and port of the listener.
    #[serde(deserialize_with = "seaworthy_http::server::deserialize_address")]
    pub addr: SocketAddr,
    /// TLS. Not set: connections are not encrypted.
    pub tls: Option<TlsConfig>,
    /// Maximum connections that the kernel completes before the service accepts them.
    pub backlog: u32,
    /// Limits on connections, heads, bodies, responses and HTTP/2.
    pub limits: LimitsConfig,
    /// Time limit until the response begins. A client can shorten it with `grpc-timeout`, which
    /// limits the whole call.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-3", "above": "10m" }]))]
    pub timeout: Timeout,
    /// The proxies whose forwarded client IP is used, as ranges such as 10.0.0.0/8. Empty: no proxy
    /// is trusted.
    #[schemars(extend("x-trusted-proxies" = true))]
    pub trusted_proxies: Vec<AddressRange>,
    /// The header in which the proxies write the client IP.
    pub forwarded_header: ForwardedHeader,
    /// Rate limits per user or client IP.
    pub rate_limit: RateLimitsConfig,
    /// Limit on the calls in flight.
    pub load_shed: LoadShedConfig,
    /// The access log, with one line per call.
    pub access_log: AccessLogConfig,
    /// Whether the listener serves gRPC reflection. Not set: in development and test only.
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
    /// Returns the settings of the socket.
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

    /// Returns the settings of the stack. Every message has its own size limit, so only the limit
    /// of the listener applies to a stream of messages.
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
