use ::http::HeaderValue;

use super::{config::RateLimitConfig, decision::Decision};

/// Returns the value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), such as
/// `"default";q=200;w=2`.
///
/// `name` is an sf-string without quotes and backslashes. Another name becomes `default`.
#[must_use]
pub fn policy_header(name: &str, config: &RateLimitConfig) -> HeaderValue {
    let window = config.window.get().as_secs_f64().ceil();
    value(format!(
        "\"{}\";q={};w={window}",
        safe(name),
        config.requests
    ))
}

/// Returns the value of `RateLimit`: the remaining requests and the seconds until the whole quota
/// is available, such as `"default";r=7;t=1`.
#[must_use]
pub fn state_header(name: &str, decision: &Decision) -> HeaderValue {
    let reset = decision.reset.as_secs_f64().ceil();
    value(format!(
        "\"{}\";r={};t={reset}",
        safe(name),
        decision.remaining
    ))
}

fn safe(name: &str) -> &str {
    let is_safe = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if name.bytes().all(is_safe) {
        name
    } else {
        "default"
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
