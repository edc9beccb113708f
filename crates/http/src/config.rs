use std::net::SocketAddr;

use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use crate::{
    AddressRange, CompressionConfig, CorsConfig, ForwardedHeader, LoadShedConfig, RateLimitsConfig,
    SecurityHeadersConfig,
    server::{LimitsConfig, ListenerConfig, Protocols},
    tls::TlsConfig,
};

/// The default of `timeout`: half of that of most proxies, so that the service responds first.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(30);
/// The default of `max_body_size`, for large JSON documents. Upload routes set their own (SEC-3).
const DEFAULT_MAX_BODY_SIZE: ByteSize = ByteSize::mebibytes(2);

/// The settings of an HTTP listener and of its middleware stack.
///
/// [`listener`](Self::listener) returns the part that the [`Listener`](crate::server::Listener)
/// reads: `addr`, `protocols`, `tls`, `backlog` and `limits`. The [`Stack`](crate::Stack) reads the
/// others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// The address and port of the listener.
    #[serde(deserialize_with = "crate::server::deserialize_address")]
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

impl Default for HttpConfig {
    fn default() -> Self {
        let listener = ListenerConfig::default();
        Self {
            addr: listener.address,
            protocols: listener.protocols,
            tls: listener.tls,
            backlog: listener.backlog,
            limits: listener.limits,
            timeout: DEFAULT_TIMEOUT,
            max_body_size: DEFAULT_MAX_BODY_SIZE,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            cors: CorsConfig::default(),
            reject_cross_site_cookies: true,
            rate_limit: RateLimitsConfig::default(),
            load_shed: LoadShedConfig::default(),
            compression: CompressionConfig::default(),
            security_headers: SecurityHeadersConfig::default(),
            access_log: AccessLogConfig::default(),
        }
    }
}

impl HttpConfig {
    /// Returns the settings of the listener.
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
}

/// The access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessLogConfig {
    /// Whether every request is logged.
    pub enabled: bool,
    /// Whether the line contains the query. Queries may contain searches, names and tokens (OBS-3).
    /// The query of a sensitive route is never logged.
    pub query: bool,
    /// Paths whose requests are not logged, such as `/ping`, with the paths below them. Probes are
    /// never logged.
    pub exclude_paths: Vec<String>,
}

impl AccessLogConfig {
    /// Whether no request would be logged, because all paths are below an excluded one.
    pub(crate) fn excludes_all(&self) -> bool {
        let is_root = |path: &String| path.trim_end_matches('/').is_empty();
        self.exclude_paths.iter().any(is_root)
    }

    /// Whether requests of a path are not logged.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        self.exclude_paths.iter().any(|excluded| {
            let rest = path.strip_prefix(excluded.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl Default for AccessLogConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            query: false,
            exclude_paths: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_default_and_a_description_conf_6() {
        let empty: HttpConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, HttpConfig::default());
        let text = serde_json::to_string(&HttpConfig::default()).unwrap();
        assert_eq!(serde_json::from_str::<HttpConfig>(&text).unwrap(), empty);
        let schema = schemars::schema_for!(HttpConfig);
        let properties = schema.get("properties").unwrap().as_object().unwrap();
        for (name, property) in properties {
            assert!(property.get("description").is_some(), "{name}");
        }
    }

    #[test]
    fn access_log_excludes_paths_and_those_below_obs_2() {
        let config = AccessLogConfig {
            exclude_paths: vec!["/ping".to_owned(), "/internal/".to_owned()],
            ..AccessLogConfig::default()
        };
        for path in ["/ping", "/ping/", "/ping/deep", "/internal", "/internal/a"] {
            assert!(config.excludes(path), "{path}");
        }
        for path in ["/pings", "/a/ping", "/", "/internals"] {
            assert!(!config.excludes(path), "{path}");
        }
        assert!(!AccessLogConfig::default().excludes("/ping"));
    }

    #[test]
    fn unknown_settings_are_rejected_conf_1() {
        assert!(serde_json::from_str::<HttpConfig>(r#"{"time_out":"5s"}"#).is_err());
    }

    #[test]
    fn rate_limits_and_origins_are_marked_reloadable_conf_4() {
        let schema = schemars::schema_for!(HttpConfig).to_value();
        for pointer in [
            "/$defs/RateLimitsConfig",
            "/$defs/CorsConfig/properties/allowed_origins",
        ] {
            assert_eq!(
                schema.pointer(pointer).unwrap()["x-reloadable"],
                true,
                "{pointer}"
            );
        }
    }
}
