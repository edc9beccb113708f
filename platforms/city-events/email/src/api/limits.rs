use city_events_contract::{Counters, Limit, LimitError};
use seaworthy::{
    config::Settings,
    prelude::*,
    resilience::rate_limit::{RateLimitConfig, RateLimitKey},
};

use crate::config::EmailLimitsConfig;

/// The window of the limit per IP address.
const MINUTE: Timeout = Timeout::from_secs(60);
/// The window of the limit per token.
const TEN_MINUTES: Timeout = Timeout::from_secs(10 * 60);

/// Limits of requests per IP address and per token.
#[derive(Debug, Clone)]
pub(crate) struct Limits(Option<(Limit, Limit)>);

impl Limits {
    /// # Errors
    /// [`StartError`] if `rate_limit.redis.address` is invalid.
    pub(crate) fn open<C: Settings>(
        config: &EmailLimitsConfig,
        service: &Assembly<C>,
    ) -> Result<Self, StartError> {
        if !config.enabled {
            return Ok(Self(None));
        }
        let counters = Counters::open(service, "rate_limit.redis", &config.redis)?;
        let limit = |name, requests, window| {
            let config = RateLimitConfig {
                requests,
                window,
                ..RateLimitConfig::default()
            };
            counters.limit(name, config)
        };
        Ok(Self(Some((
            limit("address", config.requests_per_ip, MINUTE),
            limit("token", config.requests_per_token, TEN_MINUTES),
        ))))
    }

    /// Counts a request about a link.
    pub(super) async fn admit(&self, token: &str) -> Result<(), LimitError> {
        let Some((per_ip, per_token)) = &self.0 else {
            return Ok(());
        };
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
