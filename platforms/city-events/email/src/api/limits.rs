use std::time::Instant;

use seaworthy::{
    prelude::*,
    resilience::{
        policies::Resilience,
        rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter},
    },
};

use crate::config::EmailLimitsConfig;

/// Of an address.
const MINUTE: Timeout = Timeout::from_secs(60);
/// Of a link.
const TEN_MINUTES: Timeout = Timeout::from_secs(10 * 60);

/// How often the pages may ask: by address, and by link.
#[derive(Debug, Clone)]
pub(crate) struct Limits(Option<(RateLimiter, RateLimiter)>);

impl Limits {
    pub(crate) fn new(config: &EmailLimitsConfig, resilience: &Resilience) -> Self {
        let limiter = |name, requests, window| {
            let config = RateLimitConfig {
                requests,
                window,
                ..RateLimitConfig::default()
            };
            resilience.rate_limiter(name, &config)
        };
        Self(config.enabled.then(|| {
            (
                limiter("address", config.requests_per_address, MINUTE),
                limiter("token", config.requests_per_token, TEN_MINUTES),
            )
        }))
    }

    /// Counts a question about a link; how long to wait, where there were too many.
    pub(super) fn admit(&self, token: &str) -> Result<(), std::time::Duration> {
        let Some((by_address, by_token)) = &self.0 else {
            return Ok(());
        };
        let now = Instant::now();
        let address =
            context::with_current(|context| context.and_then(RequestContext::client_address));
        let keys = [
            address.map(|address| (by_address, RateLimitKey::address(address))),
            Some((by_token, RateLimitKey::api_key(token))),
        ];
        for (limiter, key) in keys.into_iter().flatten() {
            let decision = limiter.check(&key, now);
            if !decision.allowed {
                return Err(decision.retry_after);
            }
        }
        Ok(())
    }
}
