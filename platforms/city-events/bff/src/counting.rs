//! Where requests are counted: in this process, or in a Redis that all replicas share.

use std::time::Instant;

use seaworthy::{
    config::Settings,
    prelude::*,
    resilience::rate_limit::{Decision, RateLimitConfig, RateLimitKey, RateLimiter},
};
#[cfg(feature = "redis")]
use seaworthy::{
    redis::{Redis, RedisConfig},
    resilience::rate_limit::shared::{
        OnStoreFailure, RateLimitStore, SharedRateLimitConfig, SharedRateLimiter,
    },
};

/// A limit, wherever it is counted.
#[derive(Clone)]
pub(crate) enum Limit {
    /// In this process.
    Own(RateLimiter),
    /// Over all replicas.
    #[cfg(feature = "redis")]
    Shared(&'static str, SharedRateLimiter),
}

impl Limit {
    /// One that is counted in `redis`, where there is one.
    ///
    /// # Errors
    /// [`StartError`] for an address that means nothing, or for any in a program that was built without Redis.
    pub(crate) fn new<C: Settings>(
        service: &Assembly<C>,
        name: &'static str,
        limit: &RateLimitConfig,
        redis: Option<&Secret<String>>,
    ) -> Result<Self, StartError> {
        match redis {
            None => Ok(Self::Own(service.resilience().rate_limiter(name, limit))),
            Some(address) => Self::shared(service, name, limit, address),
        }
    }

    #[cfg(feature = "redis")]
    fn shared<C: Settings>(
        service: &Assembly<C>,
        name: &'static str,
        limit: &RateLimitConfig,
        address: &Secret<String>,
    ) -> Result<Self, StartError> {
        let address = address.expose();
        // As the service before was told: a host and a port.
        let url = match address.contains("://") {
            true => address.parse(),
            false => format!("redis://{address}").parse(),
        };
        let url = url.map_err(|error| {
            StartError::because("rate_limit.redis is no address of a Redis", error)
        })?;
        let config = RedisConfig {
            url,
            ..RedisConfig::default()
        };
        let redis = Redis::new(&config)
            .map_err(|error| StartError::because("rate_limit.redis cannot be used", error))?;
        let shared = SharedRateLimitConfig {
            limit: limit.clone(),
            prefix: "city-events:rate_limit".to_owned(),
            on_failure: OnStoreFailure::Local,
            ..SharedRateLimitConfig::default()
        };
        let store = RateLimitStore::new(redis);
        let limiter = SharedRateLimiter::new(name, &shared, store, service.metrics());
        Ok(Self::Shared(name, limiter))
    }

    #[cfg(not(feature = "redis"))]
    fn shared<C: Settings>(
        _: &Assembly<C>,
        _: &'static str,
        _: &RateLimitConfig,
        _: &Secret<String>,
    ) -> Result<Self, StartError> {
        Err(StartError::new(
            "rate_limit.redis is set, and this program was built without its feature `redis`",
        ))
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Own(limiter) => limiter.name(),
            #[cfg(feature = "redis")]
            Self::Shared(name, _) => name,
        }
    }

    pub(crate) fn config(&self) -> &RateLimitConfig {
        match self {
            Self::Own(limiter) => limiter.config(),
            #[cfg(feature = "redis")]
            Self::Shared(_, limiter) => &limiter.config().limit,
        }
    }

    /// Counts one request.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_async, reason = "Redis is awaited")
    )]
    pub(crate) async fn check(&self, key: &RateLimitKey) -> Decision {
        match self {
            Self::Own(limiter) => limiter.check(key, Instant::now()),
            #[cfg(feature = "redis")]
            Self::Shared(_, limiter) => {
                limiter.admit(key).await.unwrap_or_else(|refusal| Decision {
                    allowed: false,
                    remaining: 0,
                    reset: refusal.retry_after().unwrap_or_default(),
                    retry_after: refusal.retry_after().unwrap_or_default(),
                })
            }
        }
    }
}
