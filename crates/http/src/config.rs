use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Timeout};
use serde::{Deserialize, Serialize};

use crate::{
    AddressRange, CorsConfig, ForwardedHeader, LoadShedConfig, RateLimitConfig,
    SecurityHeadersConfig,
};

/// Half of the minute after which most proxies give up: the service answers before they do.
const TIMEOUT: Timeout = Timeout::from_secs(30);
/// Twice what a large JSON document has; uploads have routes with limits of their own (SEC-3).
const BODY_LIMIT: ByteSize = ByteSize::mebibytes(2);

/// What the middleware stack does to every request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// How long a request may take until its answer begins. A client shortens it with `x-request-timeout-ms`; nothing lengthens it but a route's own setting.
    pub timeout: Timeout,
    /// How large a request's body may be.
    pub max_body_size: ByteSize,
    /// The proxies whose word on the client's address is believed: ranges such as `10.0.0.0/8`. Empty: nobody's.
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

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            max_body_size: BODY_LIMIT,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            cors: CorsConfig::default(),
            refuse_cross_site_cookies: true,
            rate_limit: RateLimitConfig::default(),
            load_shed: LoadShedConfig::default(),
            security_headers: SecurityHeadersConfig::default(),
            access_log: AccessLogConfig::default(),
        }
    }
}

/// The access log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessLogConfig {
    /// Whether each request is one line.
    pub enabled: bool,
    /// Whether the line has the query. Off: queries carry searches, names and tokens (OBS-3). Routes marked as sensitive never show theirs.
    pub query: bool,
}

impl Default for AccessLogConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            query: false,
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
    fn unknown_settings_are_refused_conf_1() {
        assert!(serde_json::from_str::<HttpConfig>(r#"{"time_out":"5s"}"#).is_err());
    }

    #[test]
    fn rate_limits_and_origins_are_marked_reloadable_conf_4() {
        let schema = schemars::schema_for!(HttpConfig).to_value();
        for pointer in [
            "/$defs/RateLimitConfig/properties/requests_per_second",
            "/$defs/RateLimitConfig/properties/burst",
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
