//! Rate limiting by GCRA in this process (RES-6, local).
//!
//! The algorithm is `governor`'s; what is ours is the memory bound (see `store`), the key and the headers of
//! draft-ietf-httpapi-ratelimit-headers-10. With GCRA the time until the quota is whole depends on the remaining number alone, so every value of
//! `RateLimit` is formatted once, when the policy is made, and not once per request.

mod store;

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use governor::{
    Quota, RateLimiter, clock::Clock, middleware::StateInformationMiddleware, nanos::Nanos,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use seaworthy_core::{Actor, Code, Error, network_of};
use serde::{Deserialize, Serialize};

use store::BoundedStore;

/// A hundred a second for one caller: far above a person and a page, far below what hurts a service (RES-6).
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// Two seconds' worth at once: a page that loads many things is not refused.
const BURST: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// A hundred thousand callers at once need about 10 MB; more share one limit.
const MAXIMUM_KEYS: NonZeroU32 = NonZeroU32::new(100_000).unwrap();
/// Values of `RateLimit` that are prepared; a larger burst formats the rest when they are needed.
const PREPARED_VALUES: u32 = 1_024;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How many requests one caller may send: the authenticated user, else the client's address (of IPv6 the /64, which one subscriber owns whole).
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
    /// Requests per second in the long run.
    #[schemars(extend(
        "x-reloadable" = true,
        "x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]
    ))]
    pub requests_per_second: NonZeroU32,
    /// Requests at once after a quiet time.
    #[schemars(extend(
        "x-reloadable" = true,
        "x-unsafe" = [{ "id": "RES-6", "above": 1_000_000 }]
    ))]
    pub burst: NonZeroU32,
    /// How many callers are told apart at once; it bounds memory, at about 100 bytes each.
    pub max_keys: NonZeroU32,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            requests_per_second: REQUESTS_PER_SECOND,
            burst: BURST,
            max_keys: MAXIMUM_KEYS,
        }
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RateLimitKey {
    Version4(u32),
    /// The network half of the address.
    Version6(u64),
    Actor(Actor),
    /// Refused credentials from an address. Counted apart, so that guessing is slowed without slowing those who share the address.
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

/// The time of the request itself, so that deciding reads no clock.
#[derive(Debug)]
struct RequestClock {
    start: Instant,
    now: AtomicU64,
}

impl Clock for RequestClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.now.load(Ordering::Relaxed))
    }
}

type Limiter = RateLimiter<RateLimitKey, BoundedStore, RequestClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Policy {
    limiter: Limiter,
    #[cfg(test)]
    store: BoundedStore,
    announced: HeaderValue,
    remaining: Box<[HeaderValue]>,
    config: RateLimitConfig,
}

/// The limit in force; its numbers can be replaced while the service runs, which forgets what was counted.
#[derive(Debug)]
pub(crate) struct RateLimit(ArcSwap<Option<Policy>>);

/// What an admitted request's answer tells the caller about the limit.
#[derive(Debug, Clone)]
pub(crate) struct RateLimitHeaders {
    policy: HeaderValue,
    remaining: HeaderValue,
}

/// A refusal and what it tells the caller.
#[derive(Debug)]
pub(crate) struct RateLimited {
    pub(crate) error: Error,
    pub(crate) headers: RateLimitHeaders,
}

impl RateLimit {
    pub(crate) fn new(config: &RateLimitConfig) -> Self {
        Self(ArcSwap::from_pointee(Policy::new(config)))
    }

    /// Replaces the numbers. The same numbers again change nothing, so what was counted stays counted.
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

    /// Counts one request at the time it came. `None` where the limit is off.
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
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let increment = u64::try_from(quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX);
        let store = BoundedStore::new(
            usize::try_from(config.max_keys.get()).unwrap_or(usize::MAX),
            increment.max(1),
        );
        let clock = RequestClock {
            start: Instant::now(),
            now: AtomicU64::new(0),
        };
        Some(Self {
            #[cfg(test)]
            store: store.clone(),
            limiter: Limiter::new(quota, store, clock),
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
        let elapsed = self.elapsed(now);
        // Requests on other threads are at most a scheduling delay apart, and the limit is the same to within that; time never goes back.
        let clock = self.limiter.clock();
        clock.now.fetch_max(elapsed, Ordering::Relaxed);
        match self.limiter.check_key(key) {
            Ok(state) => Ok(self.headers(state.remaining_burst_capacity())),
            Err(until) => Err(self.refuse(until.wait_time_from(Nanos::new(elapsed)))),
        }
    }

    fn elapsed(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.limiter.clock().start);
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }

    fn refuse(&self, wait: Duration) -> RateLimited {
        let error = Error::new(
            Code::Exhausted,
            "RATE_LIMITED",
            "too many requests; try again later",
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
