use seaworthy::{
    config::Settings,
    prelude::*,
    resilience::rate_limit::{
        OnStoreFailure, RateLimit, RateLimitConfig, RateLimitKey,
        shared::{RateLimitStore, SharedRateLimitConfig, SharedRateLimiter},
    },
};

use crate::{IdentityLimitsConfig, LiveSessions};

/// The prefix of the counts in Redis.
const PREFIX: &str = "ratelimit";

/// The rate limits of the routes (RES-6). Without Redis, requests are rejected.
#[derive(Debug, Clone)]
pub struct Limits(Option<Enabled>);

#[derive(Debug, Clone)]
struct Enabled {
    login: RateLimit,
    code_request: RateLimit,
    code_verify: RateLimit,
}

impl Limits {
    /// Creates the limits, in the Redis of the sessions if they have one.
    #[must_use]
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        config: &IdentityLimitsConfig,
        sessions: &LiveSessions,
    ) -> Self {
        let limit = |name: &'static str, limit: RateLimitConfig| -> RateLimit {
            let own = service.resilience().rate_limiter(name, &limit);
            let Some(redis) = sessions.redis() else {
                return own.into();
            };
            let shared = SharedRateLimitConfig {
                limit,
                prefix: PREFIX.to_owned(),
                on_failure: OnStoreFailure::Closed,
                ..SharedRateLimitConfig::default()
            };
            let (store, metrics) = (RateLimitStore::new(redis.clone()), service.metrics());
            SharedRateLimiter::with_fallback(name, &shared, store, own, metrics).into()
        };
        Self(config.enabled.then(|| Enabled {
            login: limit("login", config.login.limiter()),
            code_request: limit("code_request", config.code_request.limiter()),
            code_verify: limit("code_verify", config.code_verify.limiter()),
        }))
    }

    /// Counts a login, a registration or a new password of an account from the client's address.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub async fn login(&self, account: &str) -> Result<(), Error> {
        let Self(Some(limits)) = self else {
            return Ok(());
        };
        let key = address().map(|key| key.on_route(account));
        admit(&limits.login, key).await
    }

    /// Counts a request for a code from the client's address.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub async fn code_request(&self) -> Result<(), Error> {
        let Self(Some(limits)) = self else {
            return Ok(());
        };
        admit(&limits.code_request, address()).await
    }

    /// Counts an entered code of an account.
    ///
    /// # Errors
    /// `RATE_LIMITED`.
    pub async fn code_verify(&self, account: &str) -> Result<(), Error> {
        let Self(Some(limits)) = self else {
            return Ok(());
        };
        admit(&limits.code_verify, Some(RateLimitKey::api_key(account))).await
    }
}

fn address() -> Option<RateLimitKey> {
    let address = context::with_current(|context| context?.client_address());
    address.map(RateLimitKey::address)
}

async fn admit(limit: &RateLimit, key: Option<RateLimitKey>) -> Result<(), Error> {
    // Every request over a listener has an address.
    let Some(key) = key else {
        return Ok(());
    };
    let decision = limit.check(&key).await?;
    if decision.allowed {
        return Ok(());
    }
    let message = "too many requests: try again later";
    Err(Error::new(Code::Exhausted, "RATE_LIMITED", message).with_retry_after(decision.retry_after))
}
