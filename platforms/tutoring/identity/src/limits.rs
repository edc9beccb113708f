use seaworthy::{
    config::Settings,
    prelude::*,
    redis::RedisConfig,
    resilience::rate_limit::{RateLimitKey, RateLimits},
};

use crate::{
    AccountKind, IdentityConfig, IdentityLimitConfig, IdentityLimitsConfig, LoginLimitConfig,
};

/// The scope of the accounts of admins, a part of the keys in Redis.
const ADMIN: &str = "admin";
/// The maximum size of an address in bytes (RFC 5321). Longer names belong to no account, so they
/// share one key, and a client cannot fill the memory with them.
const MAX_ACCOUNT: usize = 254;

/// The rate limit of logins (RES-6). It follows every reload (CONF-4).
#[derive(Debug, Clone)]
pub struct LoginLimit(RateLimits);

impl LoginLimit {
    /// Creates the limit of admins. `select` returns its settings, and the Redis of the sessions.
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn of_admins<C: Settings>(
        service: &Assembly<C>,
        select: fn(&C) -> (&LoginLimitConfig, Option<&RedisConfig>),
    ) -> Result<Self, StartError> {
        let limits = service.rate_limits("login", move |settings| {
            let (config, redis) = select(settings);
            config.login.of(config.enabled, redis, ADMIN)
        });
        limits.map(Self)
    }

    /// Counts a login of an account from the client's address.
    ///
    /// # Errors
    /// `RATE_LIMITED`, or `SERVICE_DEGRADED` if Redis is unavailable.
    pub async fn count(&self, account: &str) -> Result<(), Error> {
        let account = if account.len() > MAX_ACCOUNT {
            ""
        } else {
            account
        };
        let key = address().map(|key| key.on_route(account));
        admit(&self.0, key).await
    }
}

/// The rate limits of the routes (RES-6). They follow every reload (CONF-4).
#[derive(Debug, Clone)]
pub struct Limits {
    login: LoginLimit,
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
                let (enabled, scope) = (config.limits.enabled, kind.limit_scope());
                limit(&config.limits).of(enabled, redis, scope)
            })
        };
        Ok(Self {
            login: LoginLimit(limits("login", |all| &all.login)?),
            code_request: limits("code_request", |all| &all.code_request)?,
            code_verify: limits("code_verify", |all| &all.code_verify)?,
        })
    }

    /// Counts a login, a registration or a new password of an account from the client's address.
    ///
    /// # Errors
    /// As [`LoginLimit::count`].
    pub async fn login(&self, account: &str) -> Result<(), Error> {
        self.login.count(account).await
    }

    /// Counts a request for a code from the client's address.
    ///
    /// # Errors
    /// As [`LoginLimit::count`].
    pub async fn code_request(&self) -> Result<(), Error> {
        admit(&self.code_request, address()).await
    }

    /// Counts an entered code of an account.
    ///
    /// # Errors
    /// As [`LoginLimit::count`].
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
