//! Rate limit of requests per client in this process (RES-6, local).
//!
//! [`Gcra`] counts the requests. This module holds the key and the headers of
//! draft-ietf-httpapi-ratelimit-headers-10. With GCRA the reset time depends on the remaining
//! number only, so every value of `RateLimit` is formatted once per configuration.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use seaworthy_core::{Actor, Code, Error, Timeout, network_of};
use seaworthy_resilience::rate_limit::{self as limits, Gcra};
use serde::{Deserialize, Serialize};

/// Far above a person or a page, far below what overloads a service (RES-6).
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The requests of two seconds at once, for a page that loads many resources.
const BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// The limits of a hundred thousand clients need about 10 MB. Further clients share one limit.
const MAX_KEYS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();
/// Values of `RateLimit` that are formatted in advance. Larger ones are formatted when needed.
const PREPARED_VALUES: u32 = 1_024;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Rate limit of a client: the authenticated user, else the client IP. An IPv6 /64 counts as one IP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Whether requests are limited.
    #[schemars(extend("x-reloadable" = true, "x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "requests are not limited, so one client can use the whole capacity",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Average requests per second.
    #[schemars(extend(
        "x-reloadable" = true,
        "x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]
    ))]
    pub requests_per_second: NonZeroU32,
    /// Maximum requests at once after a pause.
    #[schemars(extend(
        "x-reloadable" = true,
        "x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]
    ))]
    pub burst: NonZeroU32,
    /// Maximum clients that are counted separately. Each needs about 100 bytes.
    pub max_keys: NonZeroU32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests_per_second: REQUESTS_PER_SECOND,
            burst: BURST,
            max_keys: MAX_KEYS,
        }
    }
}

/// The client whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RateLimitKey {
    Version4(u32),
    /// The network bits of the address.
    Version6(u64),
    Actor(Actor),
    /// Failed credentials from an IP, counted separately so that they do not limit other users of the IP.
    Refused(Box<RateLimitKey>),
}

impl RateLimitKey {
    pub(crate) fn of_address(address: IpAddr) -> Self {
        match network_of(address) {
            IpAddr::V4(address) => Self::Version4(address.to_bits()),
            IpAddr::V6(network) => {
                Self::Version6(u64::try_from(network.to_bits() >> 64).unwrap_or_default())
            }
        }
    }
}

#[derive(Debug)]
struct Policy {
    limit: Gcra<RateLimitKey>,
    announced: HeaderValue,
    remaining: Box<[HeaderValue]>,
    config: RateLimitConfig,
}

/// The rate limit in effect. A reload with other numbers resets the counts.
#[derive(Debug)]
pub(crate) struct RateLimit(ArcSwap<Option<Policy>>);

/// The headers of a response that describe the limit.
#[derive(Debug, Clone)]
pub(crate) struct RateLimitHeaders {
    policy: HeaderValue,
    remaining: HeaderValue,
}

/// A refused request and its headers.
#[derive(Debug)]
pub(crate) struct RateLimited {
    pub(crate) error: Error,
    pub(crate) headers: RateLimitHeaders,
}

impl RateLimit {
    pub(crate) fn new(config: &RateLimitConfig) -> Self {
        Self(ArcSwap::from_pointee(Policy::new(config)))
    }

    /// Replaces the numbers. Equal numbers keep the counts.
    pub(crate) fn reload(&self, config: &RateLimitConfig) {
        let known = self.0.load();
        let unchanged = match known.as_ref() {
            Some(policy) => policy.config == *config,
            None => !config.enabled,
        };
        if !unchanged {
            self.0.store(Policy::new(config).into());
        }
    }

    /// Counts one request at the time of its arrival. Returns `None` if the limit is off.
    pub(crate) fn check(
        &self,
        key: &RateLimitKey,
        now: Instant,
    ) -> Result<Option<RateLimitHeaders>, RateLimited> {
        let policy = self.0.load();
        policy
            .as_ref()
            .as_ref()
            .map(|policy| policy.check(key, now))
            .transpose()
    }
}

impl RateLimitHeaders {
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        headers.insert(RATE_LIMIT_POLICY, self.policy);
        headers.insert(RATE_LIMIT, self.remaining);
    }
}

impl Policy {
    fn new(config: &RateLimitConfig) -> Option<Self> {
        if !config.enabled {
            return None;
        }
        let (per_second, burst) = (config.requests_per_second, config.burst);
        // The burst refills in this time. A week is the maximum of a setting.
        let refill = Duration::from_secs(burst.get().into()) / per_second.get();
        let limit = limits::RateLimitConfig {
            requests: burst,
            window: Timeout::try_from(refill).unwrap_or(Timeout::from_secs(u32::MAX)),
            max_keys: config.max_keys,
        };
        Some(Self {
            limit: Gcra::new(&limit),
            announced: value(&format!(
                "\"default\";q={burst};w={}",
                burst.get().div_ceil(per_second.get())
            )),
            remaining: (0..=burst.get().min(PREPARED_VALUES))
                .map(|remaining| remaining_value(remaining, per_second, burst))
                .collect(),
            config: config.clone(),
        })
    }

    fn check(&self, key: &RateLimitKey, now: Instant) -> Result<RateLimitHeaders, RateLimited> {
        let decision = self.limit.check(key, now);
        if decision.allowed {
            Ok(self.headers(decision.remaining))
        } else {
            Err(self.refuse(decision.retry_after))
        }
    }

    fn refuse(&self, wait: Duration) -> RateLimited {
        let error = Error::new(
            Code::Exhausted,
            "RATE_LIMITED",
            "too many requests: try again later",
        );
        RateLimited {
            error: error.with_retry_after(wait.max(Duration::from_nanos(1))),
            headers: self.headers(0),
        }
    }

    fn headers(&self, remaining: u32) -> RateLimitHeaders {
        let prepared = usize::try_from(remaining)
            .ok()
            .and_then(|index| self.remaining.get(index))
            .cloned();
        RateLimitHeaders {
            policy: self.announced.clone(),
            remaining: prepared.unwrap_or_else(|| {
                let config = &self.config;
                remaining_value(remaining, config.requests_per_second, config.burst)
            }),
        }
    }
}

fn remaining_value(remaining: u32, per_second: NonZeroU32, burst: NonZeroU32) -> HeaderValue {
    let missing = burst.get().saturating_sub(remaining);
    value(&format!(
        "\"default\";r={remaining};t={}",
        missing.div_ceil(per_second.get())
    ))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests;
