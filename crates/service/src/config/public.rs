use std::net::SocketAddr;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_http::tls::TlsConfig;
use seaworthy_http::{
    AccessLogConfig, AddressRange, CorsConfig, ForwardedHeader, HttpConfig, LoadShedConfig,
    RateLimitConfig, SecurityHeadersConfig,
    server::{LimitsConfig, ListenerConfig, Protocols},
};
use serde::{Deserialize, Serialize};

/// The public HTTP listener: its socket, and what happens to every request.
///
/// One flat section for its user, two types inside: the socket's [`ListenerConfig`] and the stack's [`HttpConfig`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PublicHttpConfig {
    /// Where it listens.
    #[serde(deserialize_with = "super::listening::address")]
    pub addr: SocketAddr,
    /// Which versions of HTTP it speaks without TLS.
    pub protocols: Protocols,
    /// TLS; without it plain text is spoken.
    pub tls: Option<TlsConfig>,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// Limits of connections, heads, bodies, answers and HTTP/2.
    pub limits: LimitsConfig,
    /// How long a request may take until its answer begins. A client shortens it with x-request-timeout-ms; nothing lengthens it but a route's own setting.
    #[schemars(extend("x-unsafe" = [{ "id": "RES-3", "above": "10m" }]))]
    pub timeout: Timeout,
    /// How large a request's body may be.
    #[schemars(extend("x-unsafe" = [{ "id": "SEC-3", "above": "1GiB" }]))]
    pub max_body_size: ByteSize,
    /// The proxies whose word on the client's address is believed: ranges such as 10.0.0.0/8. Empty: nobody's.
    #[schemars(extend("x-trusted-proxies" = true))]
    pub trusted_proxies: Vec<AddressRange>,
    /// The one header in which they write it.
    pub forwarded_header: ForwardedHeader,
    /// Pages of other origins.
    pub cors: CorsConfig,
    /// Whether requests that may change something are refused when a page of another origin makes them and they have cookies, or are about to get some; one that CORS lets in with credentials may.
    pub refuse_cross_site_cookies: bool,
    /// Requests per caller.
    pub rate_limit: RateLimitConfig,
    /// Requests at once.
    pub load_shed: LoadShedConfig,
    /// Headers that narrow what a browser may do with an answer.
    pub security_headers: SecurityHeadersConfig,
    /// One log line per request.
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
            refuse_cross_site_cookies: stack.refuse_cross_site_cookies,
            rate_limit: stack.rate_limit,
            load_shed: stack.load_shed,
            security_headers: stack.security_headers,
            access_log: stack.access_log,
        }
    }
}

impl PublicHttpConfig {
    /// The socket's part.
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

    /// The stack's part.
    #[must_use]
    pub fn stack(&self) -> HttpConfig {
        HttpConfig {
            timeout: self.timeout,
            max_body_size: self.max_body_size,
            trusted_proxies: self.trusted_proxies.clone(),
            forwarded_header: self.forwarded_header,
            cors: self.cors.clone(),
            refuse_cross_site_cookies: self.refuse_cross_site_cookies,
            rate_limit: self.rate_limit.clone(),
            load_shed: self.load_shed.clone(),
            security_headers: self.security_headers.clone(),
            access_log: self.access_log.clone(),
        }
    }
}
