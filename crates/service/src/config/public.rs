use std::net::SocketAddr;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::tls::TlsConfig;
use seaworthy_http::{
    AccessLogConfig, AddressRange, CompressionConfig, CorsConfig, ForwardedHeader, HttpConfig,
    LoadShedConfig, RateLimitsConfig, SecurityHeadersConfig,
    server::{LimitsConfig, ListenerConfig, Protocols},
};
use serde::{Deserialize, Serialize};

/// The public HTTP listener.
///
/// The section combines the [`ListenerConfig`] of the socket and the [`HttpConfig`] of the stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PublicHttpConfig {
    /// The address and port of the listener.
    #[serde(deserialize_with = "super::listening::address")]
    pub addr: SocketAddr,
    /// The HTTP versions that the listener accepts without TLS.
    pub protocols: Protocols,
    /// TLS. Not set: connections are not encrypted.
    pub tls: Option<TlsConfig>,
    /// Maximum connections that the kernel completes before the service accepts them.
    pub backlog: u32,
    /// Limits on connections, heads, bodies, responses and HTTP/2.
    pub limits: LimitsConfig,
    /// Time limit until the response begins. A client can shorten it with `x-request-timeout-ms`. A
    /// route may set another limit.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-3", "above": "10m" }]))]
    pub timeout: Timeout,
    /// Maximum size of a request body. A route may set another limit.
    #[schemars(extend("x-unsafe" = [{ "id": "SEC-3", "above": "1GiB" }]))]
    pub max_body_size: ByteSize,
    /// The proxies whose forwarded client IP is used, as ranges such as 10.0.0.0/8. Empty: no proxy
    /// is trusted.
    #[schemars(extend("x-trusted-proxies" = true))]
    pub trusted_proxies: Vec<AddressRange>,
    /// The header in which the proxies write the client IP.
    pub forwarded_header: ForwardedHeader,
    /// Cross-origin resource sharing: which pages of other origins may call the service.
    pub cors: CorsConfig,
    /// Whether to reject unsafe requests with cookies from pages of other origins. Origins that
    /// CORS allows with credentials may send them. Routes that start a session are guarded without
    /// cookies too.
    #[schemars(extend("x-unsafe" = [{
        "id": "SEC-2",
        "value": false,
        "why": "pages of other origins can act as a user whose browser sends cookies",
        "fix": "set it to true, and list the origins that may send cookies in cors.allowed_origins"
    }]))]
    pub reject_cross_site_cookies: bool,
    /// Rate limits per user or client IP.
    pub rate_limit: RateLimitsConfig,
    /// Limit on the requests in flight.
    pub load_shed: LoadShedConfig,
    /// Compression of JSON and HTML responses.
    pub compression: CompressionConfig,
    /// Headers that restrict what a browser does with a response.
    pub security_headers: SecurityHeadersConfig,
    /// The access log, with one line per request.
    pub access_log: AccessLogConfig,
}

impl Default for PublicHttpConfig {
    fn default() -> Self {
        let ListenerConfig {
            address,
            protocols,
            backlog,
            limits,
            ..
        } = ListenerConfig::default();
        let stack = HttpConfig::default();
        Self {
            addr: address,
            protocols,
            tls: None,
            backlog,
            limits,
            timeout: stack.timeout,
            max_body_size: stack.max_body_size,
            trusted_proxies: stack.trusted_proxies,
            forwarded_header: stack.forwarded_header,
            cors: stack.cors,
            reject_cross_site_cookies: stack.reject_cross_site_cookies,
            rate_limit: stack.rate_limit,
            load_shed: stack.load_shed,
            compression: stack.compression,
            security_headers: stack.security_headers,
            access_log: stack.access_log,
        }
    }
}

impl PublicHttpConfig {
    /// Returns the settings of the socket.
    #[must_use]
    pub fn listener(&self) -> ListenerConfig {
        ListenerConfig {
            address: self.addr,
            protocols: self.protocols,
            backlog: self.backlog,
            limits: self.limits.clone(),
            tls: self.tls.clone(),
        }
    }

    /// Returns the settings of the stack.
    #[must_use]
    pub fn stack(&self) -> HttpConfig {
        HttpConfig {
            timeout: self.timeout,
            max_body_size: self.max_body_size,
            trusted_proxies: self.trusted_proxies.clone(),
            forwarded_header: self.forwarded_header,
            cors: self.cors.clone(),
            reject_cross_site_cookies: self.reject_cross_site_cookies,
            rate_limit: self.rate_limit.clone(),
            load_shed: self.load_shed.clone(),
            compression: self.compression.clone(),
            security_headers: self.security_headers.clone(),
            access_log: self.access_log.clone(),
        }
    }
}
