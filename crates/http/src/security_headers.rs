//! Security headers of responses (SEC-4). The stack adds only those that the handler did not set.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Responses are data, so nothing in them may load or run. Handlers of pages set their own policy.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// A URL may contain an identifier, which other sites must not get.
const REFERRER_POLICY: &str = "no-referrer";
/// Other sites can read responses only with CORS.
const CROSS_ORIGIN_RESOURCE_POLICY: &str = "same-origin";
/// A year, the minimum for the preload lists of browsers.
const STRICT_TRANSPORT_SECURITY_DAYS: u32 = 365;
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

const RESOURCE_POLICY_NAME: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

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
    /// `Strict-Transport-Security`: the number of days in which browsers require TLS. Sent over TLS only (RFC 6797).
    pub strict_transport_security_days: u32,
    /// Whether a proxy in front of the service terminates TLS, so that clients receive every response over TLS.
    pub behind_tls_proxy: bool,
}

impl Default for SecurityHeadersConfig {
    fn default() -> Self {
        Self {
            content_security_policy: CONTENT_SECURITY_POLICY.to_owned(),
            referrer_policy: REFERRER_POLICY.to_owned(),
            cross_origin_resource_policy: CROSS_ORIGIN_RESOURCE_POLICY.to_owned(),
            strict_transport_security_days: STRICT_TRANSPORT_SECURITY_DAYS,
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
        let mut always = vec![
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        ];
        for (setting, name, value) in [
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
        let max_age = format!(
            "max-age={}",
            u64::from(config.strict_transport_security_days) * SECONDS_PER_DAY
        );
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
    fn missing_headers_are_added_and_a_handlers_own_stays_sec_4() {
        let headers = SecurityHeaders::new(&SecurityHeadersConfig::default()).unwrap();
        let mut answer = HeaderMap::new();
        answer.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'self'"),
        );
        headers.apply(false, &mut answer);
        assert_eq!(answer["content-security-policy"], "default-src 'self'");
        assert_eq!(answer["x-content-type-options"], "nosniff");
        assert_eq!(answer["x-frame-options"], "DENY");
        assert_eq!(answer["referrer-policy"], "no-referrer");
        assert!(
            !answer.contains_key("strict-transport-security"),
            "plain HTTP"
        );
        headers.apply(true, &mut answer);
        assert_eq!(answer["strict-transport-security"], "max-age=31536000");
        assert_eq!(answer.len(), headers.count(true));
    }

    #[test]
    fn a_value_that_is_no_header_is_an_error_at_start_sec_4() {
        let wrong = SecurityHeadersConfig {
            referrer_policy: "no\nreferrer".to_owned(),
            ..SecurityHeadersConfig::default()
        };
        assert!(SecurityHeaders::new(&wrong).is_err());
    }
}
