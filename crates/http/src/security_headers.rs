//! Security headers of responses (SEC-4). The stack adds only those that the handler did not set.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The default policy: nothing in a response may load or run. Handlers of pages set their own.
const DEFAULT_CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The default policy: other sites must not get a URL, because it may contain an identifier.
const DEFAULT_REFERRER_POLICY: &str = "no-referrer";
/// The default policy: other sites can read responses only with CORS.
const DEFAULT_CROSS_ORIGIN_RESOURCE_POLICY: &str = "same-origin";
/// The default: a year in seconds, the minimum for the preload lists of browsers.
const DEFAULT_STRICT_TRANSPORT_SECURITY_MAX_AGE: u32 = 31_536_000;
/// The default: browsers must use the declared media type and not guess it from the content.
const DEFAULT_CONTENT_TYPE_OPTIONS: &str = "nosniff";
/// The default: a page must not show a response in a frame.
const DEFAULT_FRAME_OPTIONS: &str = "DENY";

const RESOURCE_POLICY_NAME: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY_NAME: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const EMBEDDER_POLICY_NAME: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const PERMISSIONS_POLICY_NAME: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_DOMAIN_POLICIES_NAME: HeaderName =
    HeaderName::from_static("x-permitted-cross-domain-policies");

/// The security headers that the stack adds if a response lacks them. An empty text omits a header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityHeadersConfig {
    /// `Content-Security-Policy`.
    pub content_security_policy: String,
    /// `Referrer-Policy`.
    pub referrer_policy: String,
    /// `Cross-Origin-Resource-Policy`.
    pub cross_origin_resource_policy: String,
    /// `X-Content-Type-Options`.
    pub content_type_options: String,
    /// `X-Frame-Options`.
    pub frame_options: String,
    /// `X-XSS-Protection`. Current browsers ignore it.
    pub xss_protection: String,
    /// `Permissions-Policy`.
    pub permissions_policy: String,
    /// `Cross-Origin-Opener-Policy`.
    pub cross_origin_opener_policy: String,
    /// `Cross-Origin-Embedder-Policy`.
    pub cross_origin_embedder_policy: String,
    /// `X-Permitted-Cross-Domain-Policies`.
    pub permitted_cross_domain_policies: String,
    /// `Strict-Transport-Security`: the number of seconds in which browsers require TLS. 0 ends the
    /// requirement. Sent over TLS only (RFC 6797).
    pub strict_transport_security_max_age: u32,
    /// Whether `Strict-Transport-Security` also covers all subdomains.
    pub strict_transport_security_subdomains: bool,
    /// Whether `Strict-Transport-Security` lets browsers put the domain on their preload lists,
    /// which takes months to undo.
    pub strict_transport_security_preload: bool,
    /// Whether a proxy in front of the service terminates TLS, so that clients receive every
    /// response over TLS.
    pub behind_tls_proxy: bool,
}

impl Default for SecurityHeadersConfig {
    fn default() -> Self {
        Self {
            content_security_policy: DEFAULT_CONTENT_SECURITY_POLICY.to_owned(),
            referrer_policy: DEFAULT_REFERRER_POLICY.to_owned(),
            cross_origin_resource_policy: DEFAULT_CROSS_ORIGIN_RESOURCE_POLICY.to_owned(),
            content_type_options: DEFAULT_CONTENT_TYPE_OPTIONS.to_owned(),
            frame_options: DEFAULT_FRAME_OPTIONS.to_owned(),
            // Responses are data: these headers concern pages and plugins of browsers.
            xss_protection: String::new(),
            permissions_policy: String::new(),
            cross_origin_opener_policy: String::new(),
            cross_origin_embedder_policy: String::new(),
            permitted_cross_domain_policies: String::new(),
            strict_transport_security_max_age: DEFAULT_STRICT_TRANSPORT_SECURITY_MAX_AGE,
            strict_transport_security_subdomains: false,
            strict_transport_security_preload: false,
            behind_tls_proxy: false,
        }
    }
}

/// The value of a security header is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("security_headers.{setting}: {value:?} is not a valid header value")]
pub struct SecurityHeadersError {
    setting: &'static str,
    value: String,
}

#[derive(Debug)]
pub(crate) struct SecurityHeaders {
    always: Vec<(HeaderName, HeaderValue)>,
    over_tls: HeaderValue,
    behind_tls_proxy: bool,
}

impl SecurityHeaders {
    pub(crate) fn new(config: &SecurityHeadersConfig) -> Result<Self, SecurityHeadersError> {
        let mut always = Vec::new();
        for (setting, name, value) in [
            (
                "content_type_options",
                header::X_CONTENT_TYPE_OPTIONS,
                &config.content_type_options,
            ),
            (
                "frame_options",
                header::X_FRAME_OPTIONS,
                &config.frame_options,
            ),
            (
                "xss_protection",
                header::X_XSS_PROTECTION,
                &config.xss_protection,
            ),
            (
                "permissions_policy",
                PERMISSIONS_POLICY_NAME,
                &config.permissions_policy,
            ),
            (
                "cross_origin_opener_policy",
                OPENER_POLICY_NAME,
                &config.cross_origin_opener_policy,
            ),
            (
                "cross_origin_embedder_policy",
                EMBEDDER_POLICY_NAME,
                &config.cross_origin_embedder_policy,
            ),
            (
                "permitted_cross_domain_policies",
                CROSS_DOMAIN_POLICIES_NAME,
                &config.permitted_cross_domain_policies,
            ),
            (
                "content_security_policy",
                header::CONTENT_SECURITY_POLICY,
                &config.content_security_policy,
            ),
            (
                "referrer_policy",
                header::REFERRER_POLICY,
                &config.referrer_policy,
            ),
            (
                "cross_origin_resource_policy",
                RESOURCE_POLICY_NAME,
                &config.cross_origin_resource_policy,
            ),
        ] {
            if !value.is_empty() {
                let value = HeaderValue::from_str(value).map_err(|_| SecurityHeadersError {
                    setting,
                    value: value.clone(),
                })?;
                always.push((name, value));
            }
        }
        let mut max_age = format!("max-age={}", config.strict_transport_security_max_age);
        if config.strict_transport_security_subdomains {
            max_age.push_str("; includeSubDomains");
        }
        if config.strict_transport_security_preload {
            max_age.push_str("; preload");
        }
        Ok(Self {
            always,
            over_tls: HeaderValue::try_from(max_age)
                .unwrap_or(HeaderValue::from_static("max-age=0")),
            behind_tls_proxy: config.behind_tls_proxy,
        })
    }

    /// Returns the number of headers, to reserve space once.
    pub(crate) fn count(&self, tls: bool) -> usize {
        self.always.len() + usize::from(self.is_tls(tls))
    }

    fn is_tls(&self, tls: bool) -> bool {
        tls || self.behind_tls_proxy
    }

    pub(crate) fn apply(&self, tls: bool, headers: &mut HeaderMap) {
        for (name, value) in &self.always {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if self.is_tls(tls) {
            headers
                .entry(header::STRICT_TRANSPORT_SECURITY)
                .or_insert_with(|| self.over_tls.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_headers_are_added_and_existing_kept_sec_4() {
        let headers = SecurityHeaders::new(&SecurityHeadersConfig::default()).unwrap();
        let mut response = HeaderMap::new();
        response.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self'"),
        );
        headers.apply(false, &mut response);
        assert_eq!(response["content-security-policy"], "default-src 'self'");
        assert_eq!(response["x-content-type-options"], "nosniff");
        assert_eq!(response["x-frame-options"], "DENY");
        assert_eq!(response["referrer-policy"], "no-referrer");
        assert!(
            !response.contains_key("strict-transport-security"),
            "plain HTTP"
        );
        headers.apply(true, &mut response);
        assert_eq!(response["strict-transport-security"], "max-age=31536000");
        assert_eq!(response.len(), headers.count(true));
    }

    #[test]
    fn settings_add_and_omit_headers_sec_4() {
        let config = SecurityHeadersConfig {
            frame_options: String::new(),
            xss_protection: "0".to_owned(),
            permissions_policy: "camera=()".to_owned(),
            cross_origin_opener_policy: "same-origin".to_owned(),
            cross_origin_embedder_policy: "require-corp".to_owned(),
            permitted_cross_domain_policies: "none".to_owned(),
            strict_transport_security_max_age: 90,
            strict_transport_security_subdomains: true,
            strict_transport_security_preload: true,
            ..SecurityHeadersConfig::default()
        };
        let mut response = HeaderMap::new();
        SecurityHeaders::new(&config)
            .unwrap()
            .apply(true, &mut response);
        assert!(!response.contains_key("x-frame-options"));
        for (name, value) in [
            ("x-xss-protection", "0"),
            ("permissions-policy", "camera=()"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("x-permitted-cross-domain-policies", "none"),
            (
                "strict-transport-security",
                "max-age=90; includeSubDomains; preload",
            ),
        ] {
            assert_eq!(response[name], value, "{name}");
        }
    }

    #[test]
    fn value_that_is_not_a_header_fails_start_sec_4() {
        let wrong = SecurityHeadersConfig {
            referrer_policy: "no\nreferrer".to_owned(),
            ..SecurityHeadersConfig::default()
        };
        assert!(SecurityHeaders::new(&wrong).is_err());
    }
}
