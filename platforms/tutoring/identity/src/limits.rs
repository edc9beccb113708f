use seaworthy::{
    config::Settings,
    prelude::*,
    resilience::rate_limit::{RateLimitKey, RateLimits},
};

use crate::{AccountKind, IdentityConfig, IdentityLimitConfig, IdentityLimitsConfig};

/// The rate limits of the routes (RES-6). They follow every reload (CONF-4).
#[derive(Debug, Clone)]
pub struct Limits {
    login: RateLimits,
    code_request: RateLimits,
    code_verify: RateLimits,
}

impl Limits {
    /// Creates the limits, in the Redis of the sessions if they have one. `select` returns the
    /// settings of accounts.
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn new<C: Settings>(
        service: &Assembly<C>,
        kind: AccountKind,
        select: fn(&C) -> &IdentityConfig,
    ) -> Result<Self, StartError> {
        let limits = |name, limit: fn(&IdentityLimitsConfig) -> &IdentityLimitConfig| {
            service.rate_limits(name, move |settings| {
                let config = select(settings);
                let redis = config.redis.as_ref();
                let scope = kind.limit_scope();
                config.limits.of(limit(&config.limits), redis, scope)
            })
        };
        Ok(Self {
            login: limits("login", |all| &all.login)?,
            code_request: limits("code_request", |all| &all.code_request)?,
            code_verify: limits("code_verify", |all| &all.code_verify)?,
        })
    }

    /// Counts a login, a registration or a new password of an account from the client's address.
    ///
    /// # Errors
    /// `RATE_LIMITED`, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn login(&self, account: &str) -> Result<(), Error> {
        let key = address().map(|key| key.on_route(account));
        admit(&self.login, key).await
    }

    /// Counts a request for a code from the client's address.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn code_request(&self) -> Result<(), Error> {
        admit(&self.code_request, address()).await
    }

    /// Counts an entered code of an account.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn code_verify(&self, account: &str) -> Result<(), Error> {
        admit(&self.code_verify, Some(RateLimitKey::api_key(account))).await
    }
}

fn address() -> Option<RateLimitKey> {
    let address = context::with_current(|context| context?.client_address());
    address.map(RateLimitKey::address)
}

async fn admit(limits: &RateLimits, key: Option<RateLimitKey>) -> Result<(), Error> {
    // Every request over a listener has an address.
    let Some(key) = key else {
        return Ok(());
    };
    let counted = limits.count_key(&key).await;
    counted.map(drop).map_err(|limited| limited.error)
}
