use std::num::NonZeroU32;

use city_events_contract::{Counters, Limit, LimitError};
use seaworthy::{
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey},
};

use crate::config::{EmailConfig, EmailLimitsConfig};

/// The window of the limit per IP address.
const MINUTE: Timeout = Timeout::from_secs(60);
/// The window of the limit per token.
const TEN_MINUTES: Timeout = Timeout::from_secs(10 * 60);

/// Limits of requests per IP address and per token.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    per_ip: Limit,
    per_token: Limit,
}

impl Limits {
    /// # Errors
    /// [`StartError`] if `rate_limit.redis.address` is invalid.
    pub(crate) fn open(service: &Assembly<EmailConfig>) -> Result<Self, StartError> {
        let counters = Counters::new(service, "rate_limit.redis", |settings: &EmailConfig| {
            &settings.rate_limit.redis
        });
        let limit = |name, requests: fn(&EmailLimitsConfig) -> NonZeroU32, window| {
            counters.limit(name, move |settings: &EmailConfig| {
                let config = &settings.rate_limit;
                config.enabled.then(|| RateLimitConfig {
                    requests: requests(config),
                    window,
                    ..RateLimitConfig::default()
                })
            })
        };
        Ok(Self {
            per_ip: limit("address", |config| config.requests_per_ip, MINUTE)?,
            per_token: limit("token", |config| config.requests_per_token, TEN_MINUTES)?,
        })
    }

    /// Counts a request about a link.
    pub(super) async fn admit(&self, token: &str) -> Result<(), LimitError> {
        let Self { per_ip, per_token } = self;
        let address =
            context::with_current(|context| context.and_then(RequestContext::client_address));
        let keys = [
            address.map(|address| (per_ip, RateLimitKey::address(address))),
            Some((per_token, RateLimitKey::api_key(token))),
        ];
        for (limit, key) in keys.into_iter().flatten() {
            limit.admit(&key).await?;
        }
        Ok(())
    }
}
