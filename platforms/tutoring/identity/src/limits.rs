use std::num::NonZeroU32;

use seaworthy::{
    config::Settings,
    http::RateLimitsConfig,
    prelude::*,
    redis::RedisConfig,
    resilience::rate_limit::{
        LimitBy, OnStoreFailure, RateLimitKey, RateLimitRedisConfig, RateLimits, RouteLimit,
    },
};

use tutoring_contract::ExhaustedLimit;

use crate::{AccountKind, IdentityConfig, IdentityLimitsConfig, LoginLimitConfig};

/// The start of the keys of rate limits in Redis, as in the legacy service and the gateway.
const PREFIX: &str = "ratelimit";
/// The scope of the accounts of admins, a part of the keys in Redis.
const ADMIN: &str = "admin";
/// The maximum size of an address in bytes (RFC 5321). No account has a longer name, so such names
/// share one key. Otherwise a client could fill the memory with keys.
const MAX_ACCOUNT: usize = 254;

const MINUTE: Timeout = Timeout::from_secs(60);

/// Returns a limit of requests per minute with the headers of the legacy service. With Redis all
/// replicas count together, under keys with `prefix`. While Redis is unavailable, each one counts
/// alone.
#[must_use]
pub fn per_minute(
    requests: NonZeroU32,
    by: LimitBy,
    redis: Option<&RedisConfig>,
    prefix: &str,
) -> RateLimitsConfig {
    RateLimitsConfig {
        requests,
        window: MINUTE,
        by,
        legacy_headers: true,
        redis: redis.map(|redis| RateLimitRedisConfig {
            prefix: Some(prefix.to_owned()),
            on_failure: OnStoreFailure::Local,
            ..redis.clone().into()
        }),
        ..RateLimitsConfig::default()
    }
}

/// The rate limit of logins (RES-6). It follows every reload (CONF-4).
#[derive(Debug, Clone)]
pub struct LoginLimit(RateLimits);

impl LoginLimit {
    /// Creates the limit of admins. `select` returns its settings, and the Redis of the sessions.
    ///
    /// # Errors
    /// [`StartError`] if the settings are invalid.
    pub fn for_admins<C: Settings>(
        service: &Assembly<C>,
        select: fn(&C) -> (&LoginLimitConfig, Option<&RedisConfig>),
    ) -> Result<Self, StartError> {
        let limits = service.rate_limits("login", move |settings| {
            let (config, redis) = select(settings);
            limits_of(&config.login, config.enabled, redis, ADMIN)
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
        let limits = |name, limit: fn(&IdentityLimitsConfig) -> &RouteLimit| {
            service.rate_limits(name, move |settings| {
                let config = select(settings);
                let redis = config.redis.as_ref();
                let (enabled, scope) = (config.limits.enabled, kind.limit_scope());
                limits_of(limit(&config.limits), enabled, redis, scope)
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

/// Returns the settings of a limit. While the Redis is unavailable, requests are rejected. `scope`
/// separates the accounts of students, trainers and admins, who share the Redis.
fn limits_of(
    limit: &RouteLimit,
    enabled: bool,
    redis: Option<&RedisConfig>,
    scope: &str,
) -> RateLimitsConfig {
    let prefix = format!("{PREFIX}:{scope}");
    let mut limits = RateLimitsConfig {
        enabled,
        window: limit.window,
        ..per_minute(limit.requests, LimitBy::default(), redis, &prefix)
    };
    if let Some(redis) = &mut limits.redis {
        redis.on_failure = OnStoreFailure::Closed;
    }
    limits
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
    counted.map(drop).map_err(|limited| match limited.headers {
        Some(headers) => limited.error.with_cause(ExhaustedLimit(headers)),
        None => limited.error,
    })
}
