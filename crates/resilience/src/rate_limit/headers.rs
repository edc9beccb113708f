use std::time::{SystemTime, UNIX_EPOCH};

use ::http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    config::{RateLimitConfig, nanoseconds},
    decision::Decision,
};

/// Number of values of `RateLimit` that are formatted in advance. Others are formatted when needed.
const MAX_PREPARED: u32 = 1_024;
const NANOSECONDS_PER_SECOND: u128 = 1_000_000_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEGACY_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const LEGACY_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const LEGACY_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The headers `RateLimit-Policy` and `RateLimit` of a response
/// (draft-ietf-httpapi-ratelimit-headers-10), with one item per limit that counted the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimitHeaders {
    policy: HeaderValue,
    state: HeaderValue,
    legacy: Option<Legacy>,
}

/// The headers `X-RateLimit-Limit`, `-Remaining` and `-Reset`, which describe one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Legacy {
    limit: u32,
    remaining: u32,
    /// The time of the reset, in Unix seconds.
    reset: u64,
}

impl Legacy {
    fn new(config: &RateLimitConfig, decision: &Decision) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let reset = now.unwrap_or_default().saturating_add(decision.reset);
        Self {
            limit: config.quota().get(),
            remaining: decision.remaining,
            reset: reset.as_secs(),
        }
    }
}

impl RateLimitHeaders {
    /// Returns the headers of one limit. `name` is an sf-string without quotes and backslashes.
    /// Another name becomes `default`.
    #[must_use]
    pub fn new(name: &str, config: &RateLimitConfig, decision: &Decision) -> Self {
        Self {
            policy: policy_header(name, config),
            state: state_header(name, decision),
            legacy: None,
        }
    }

    /// Adds the items of other limits.
    #[must_use]
    pub fn merge(self, other: &Self) -> Self {
        Self {
            policy: joined(&self.policy, &other.policy),
            state: joined(&self.state, &other.state),
            // The limit that a client reaches first.
            legacy: match (self.legacy, other.legacy) {
                (Some(one), Some(two)) if two.remaining < one.remaining => Some(two),
                (one, two) => one.or(two),
            },
        }
    }

    /// Returns the number of headers, to reserve space.
    #[must_use]
    pub fn header_count(&self) -> usize {
        if self.legacy.is_some() { 5 } else { 2 }
    }

    /// Writes the headers. Items that a handler has set follow those of these limits. The headers
    /// `X-RateLimit-…` describe one limit, so those of a handler stay.
    pub fn apply(self, headers: &mut HeaderMap) {
        for (name, value) in [(RATE_LIMIT_POLICY, self.policy), (RATE_LIMIT, self.state)] {
            let value = match headers.get(&name) {
                Some(known) => joined(&value, known),
                None => value,
            };
            headers.insert(name, value);
        }
        if let Some(legacy) = self.legacy
            && !headers.contains_key(&LEGACY_LIMIT)
        {
            headers.insert(LEGACY_LIMIT, legacy.limit.into());
            headers.insert(LEGACY_REMAINING, legacy.remaining.into());
            headers.insert(LEGACY_RESET, legacy.reset.into());
        }
    }
}

/// The headers of one limit, formatted in advance where possible.
#[derive(Debug)]
pub(super) struct LimitHeaders {
    name: Box<str>,
    policy: HeaderValue,
    /// The limit of the headers `X-RateLimit-…`, if the settings enable them.
    legacy: Option<RateLimitConfig>,
    /// The formatted values by remaining requests. With GCRA the reset depends on that number only.
    prepared: Box<[HeaderValue]>,
}

impl LimitHeaders {
    pub(super) fn new(name: &str, config: &RateLimitConfig, is_gcra: bool, legacy: bool) -> Self {
        let prepared = match is_gcra {
            true => 0..config.quota().get().min(MAX_PREPARED).saturating_add(1),
            false => 0..0,
        };
        Self {
            name: name.into(),
            policy: policy_header(name, config),
            legacy: legacy.then(|| config.clone()),
            prepared: prepared
                .map(|remaining| state_value(name, remaining, reset_of(remaining, config)))
                .collect(),
        }
    }

    pub(super) fn of(&self, decision: &Decision) -> RateLimitHeaders {
        let prepared = usize::try_from(decision.remaining)
            .ok()
            .and_then(|index| self.prepared.get(index))
            .cloned();
        RateLimitHeaders {
            policy: self.policy.clone(),
            state: prepared.unwrap_or_else(|| state_header(&self.name, decision)),
            legacy: self
                .legacy
                .as_ref()
                .map(|config| Legacy::new(config, decision)),
        }
    }
}

/// Returns the seconds until the whole quota of a GCRA limit is available.
fn reset_of(remaining: u32, config: &RateLimitConfig) -> u128 {
    let quota = u128::from(config.quota().get());
    let missing = quota.saturating_sub(remaining.into());
    let window = u128::from(nanoseconds(config.quota_window()));
    (window * missing)
        .div_ceil(quota)
        .div_ceil(NANOSECONDS_PER_SECOND)
}

pub(super) fn policy_header(name: &str, config: &RateLimitConfig) -> HeaderValue {
    let window = config.quota_window().as_nanos();
    let window = window.div_ceil(NANOSECONDS_PER_SECOND);
    value(format!(
        "\"{}\";q={};w={window}",
        safe(name),
        config.quota()
    ))
}

pub(super) fn state_header(name: &str, decision: &Decision) -> HeaderValue {
    let reset = decision.reset.as_nanos().div_ceil(NANOSECONDS_PER_SECOND);
    state_value(name, decision.remaining, reset)
}

fn state_value(name: &str, remaining: u32, reset: u128) -> HeaderValue {
    value(format!("\"{}\";r={remaining};t={reset}", safe(name)))
}

fn safe(name: &str) -> &str {
    let is_safe = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if name.bytes().all(is_safe) {
        name
    } else {
        "default"
    }
}

fn joined(first: &HeaderValue, second: &HeaderValue) -> HeaderValue {
    let joined = [first.as_bytes(), b", ", second.as_bytes()].concat();
    HeaderValue::try_from(joined).unwrap_or_else(|_| first.clone())
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
