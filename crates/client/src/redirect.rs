use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HOST,
        LOCATION, RANGE, USER_AGENT,
    },
};
use seaworthy_telemetry::redact::is_sensitive_name;
use url::Url;

use crate::{BaseUrl, ClientError, RedirectConfig, RedirectProblem, propagation, target};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers that describe the body and are removed with it.
const OF_A_BODY: [HeaderName; 6] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LOCATION,
    IDEMPOTENCY_KEY,
];

/// Headers that another origin may receive in addition to `content-*`, `accept*` and `if-*`: HTTP
/// needs them, or they continue a trace.
const FOR_ANY_ORIGIN: [HeaderName; 6] = [
    USER_AGENT,
    RANGE,
    IDEMPOTENCY_KEY,
    propagation::TRACEPARENT,
    propagation::REQUEST_ID,
    propagation::REQUEST_TIMEOUT,
];
/// Prefixes of headers that describe the body or the requested representation.
const FOR_ANY_ORIGIN_PREFIXES: [&str; 3] = ["content-", "accept", "if-"];

/// The target of a redirect.
pub(crate) struct Redirected {
    pub(crate) url: Url,
    /// Whether the next request has the same body.
    pub(crate) keeps_body: bool,
    /// Whether private headers were removed.
    pub(crate) leaves_origin: bool,
}

/// Returns the redirect of a response. Changes the method and the headers to those of the next
/// request (RFC 9110, section 15.4).
pub(crate) fn follow(
    (config, base): (&RedirectConfig, Option<&BaseUrl>),
    followed: u8,
    from: &Url,
    method: &mut Method,
    headers: &mut HeaderMap,
    answer: (StatusCode, &HeaderMap),
) -> Result<Option<Redirected>, ClientError> {
    let (status, answered) = answer;
    if config.max_redirects == 0 || !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answered.get(LOCATION) else {
        return Ok(None);
    };
    let refuse = |problem| {
        let host: Arc<str> = target::host_of(from);
        Err(ClientError::Redirect { host, problem })
    };
    if followed >= config.max_redirects {
        return refuse(RedirectProblem::TooMany);
    }
    let next = location.to_str().ok().and_then(|text| from.join(text).ok());
    let Some(url) = next.filter(|url| target::check(url).is_ok()) else {
        return refuse(RedirectProblem::Location);
    };
    if from.scheme() == "https" && url.scheme() != "https" && !config.allow_downgrade {
        return refuse(RedirectProblem::Downgrade);
    }
    let leaves = base.is_some_and(|base| base.url().origin() != url.origin());
    if leaves && !config.allow_other_origins {
        return refuse(RedirectProblem::Origin);
    }
    let is_read = *method == Method::GET || *method == Method::HEAD;
    let becomes_read = match status {
        StatusCode::SEE_OTHER => !is_read,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method == Method::POST,
        _ => false,
    };
    if becomes_read {
        *method = Method::GET;
        for name in OF_A_BODY {
            headers.remove(name);
        }
    }
    headers.remove(HOST);
    let leaves_origin = from.origin() != url.origin();
    if leaves_origin {
        remove_private(headers);
    }
    Ok(Some(Redirected {
        url,
        keeps_body: !becomes_read,
        leaves_origin,
    }))
}

/// Removes every header that is not in the allowlist. A header of the caller may be a secret under
/// any name, and is meant for one origin.
fn remove_private(headers: &mut HeaderMap) {
    let is_for_any = |name: &HeaderName, value: &HeaderValue| {
        let is_known = FOR_ANY_ORIGIN.contains(name)
            || FOR_ANY_ORIGIN_PREFIXES
                .iter()
                .any(|prefix| name.as_str().starts_with(prefix));
        is_known && !value.is_sensitive() && !is_sensitive_name(name.as_str())
    };
    let private: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| !is_for_any(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in private {
        headers.remove(name);
    }
}
