//! Rate limits, counted in each process or in a Redis that all replicas of a service share (RES-6).

use std::time::{Duration, Instant};

#[cfg(feature = "redis")]
use seaworthy::{
    config::Profile,
    core::host::is_loopback,
    redis::{Redis, RedisConfig, RedisUrl},
    resilience::{
        Refused,
        rate_limit::shared::{RateLimitStore, SharedRateLimitConfig, SharedRateLimiter},
    },
};
use seaworthy::{
    config::Settings,
    prelude::*,
    resilience::rate_limit::{
        Decision, OnStoreFailure, RateLimitConfig, RateLimitKey, RateLimiter,
    },
};

/// The `Retry-After` of a request that could not be counted.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The Redis in which all replicas of a service count. Without an address each replica counts its own
/// requests.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountersConfig {
    /// `redis://host:port/database`, `rediss://host:port/database`, or `host:port` as in the legacy
    /// services.
    #[serde(skip_serializing)]
    pub address: Option<Secret<String>>,
    /// The password, if the address has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// The number of the database, if the address is `host:port`.
    pub database: u32,
    /// What happens to requests while Redis is unavailable: `closed` rejects them, `local` counts them
    /// in each replica, `open` admits them. Default: `closed` in production and staging, else `local`.
    pub on_failure: Option<OnStoreFailure>,
}

#[cfg(feature = "redis")]
impl CountersConfig {
    fn on_failure_in(&self, profile: Profile) -> OnStoreFailure {
        self.on_failure.unwrap_or(match profile {
            Profile::Production | Profile::Staging => OnStoreFailure::Closed,
            Profile::Development | Profile::Test => OnStoreFailure::Local,
        })
    }
}

/// Creates the rate limits of one service.
pub struct Counters<'service, C: Settings> {
    service: &'service Assembly<C>,
    #[cfg(feature = "redis")]
    store: Option<(RateLimitStore, OnStoreFailure)>,
}

/// A rate limit. Cheap to clone. All clones share the counts.
#[derive(Debug, Clone)]
pub struct Limit(Backend);

/// The errors of [`Limit::admit`].
#[derive(Debug, Clone)]
pub enum LimitError {
    /// The limit is exceeded.
    Exceeded(Decision),
    /// Redis is unavailable, and `on_failure` is `closed`.
    Degraded,
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(decision) => {
                let message = "too many requests; try again later";
                Self::new(Code::Exhausted, "RATE_LIMITED", message)
                    .with_retry_after(decision.retry_after)
            }
            LimitError::Degraded => {
                let message = "the service is degraded; try again later";
                Self::new(Code::Unavailable, "SERVICE_DEGRADED", message)
                    .with_retry_after(RETRY_AFTER)
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Backend {
    Process(RateLimiter),
    #[cfg(feature = "redis")]
    Replicas(&'static str, SharedRateLimiter),
}

impl<'service, C: Settings> Counters<'service, C> {
    /// Connects to the Redis in `config`, if there is one. `key` is the key of the setting.
    ///
    /// # Errors
    /// [`StartError`] if the address is invalid, or if it is not encrypted in production. Without the
    /// feature `redis`: if there is an address.
    #[cfg(feature = "redis")]
    pub fn open(
        service: &'service Assembly<C>,
        key: &str,
        config: &CountersConfig,
    ) -> Result<Self, StartError> {
        let on_failure = config.on_failure_in(service.profile());
        let store = config.address.as_ref().map(|address| {
            let url = parse_address(address.expose(), config.database, key)?;
            if service.profile() == Profile::Production {
                require_encryption(&url, key)?;
            }
            let config = RedisConfig {
                url,
                password: config.password.clone(),
                ..RedisConfig::default()
            };
            let redis = Redis::new(&config).map_err(|error| {
                StartError::because(format!("the Redis of {key} cannot be used"), error)
            })?;
            Ok::<_, StartError>((RateLimitStore::new(redis), on_failure))
        });
        let store = store.transpose()?;
        Ok(Self { service, store })
    }

    /// Counts in each process, because this program was built without the feature `redis`. `key` is
    /// the key of the setting.
    ///
    /// # Errors
    /// [`StartError`] if there is an address.
    #[cfg(not(feature = "redis"))]
    pub fn open(
        service: &'service Assembly<C>,
        key: &str,
        config: &CountersConfig,
    ) -> Result<Self, StartError> {
        match config.address {
            None => Ok(Self { service }),
            Some(_) => Err(StartError::new(format!(
                "{key}.address is set, but this program was built without the feature `redis`"
            ))),
        }
    }

    /// Creates a limit with a name that is unique within the service.
    #[must_use]
    pub fn limit(&self, name: &'static str, limit: RateLimitConfig) -> Limit {
        // Registered in any case, so that the admin listener lists it.
        let own = self.service.resilience().rate_limiter(name, &limit);
        #[cfg(feature = "redis")]
        if let Some((store, on_failure)) = &self.store {
            let shared = SharedRateLimitConfig {
                limit,
                prefix: format!("{}:rate_limit", self.service.identity().name()),
                on_failure: *on_failure,
                ..SharedRateLimitConfig::default()
            };
            let metrics = self.service.metrics();
            let store = store.clone();
            let limiter = SharedRateLimiter::with_fallback(name, &shared, store, own, metrics);
            return Limit(Backend::Replicas(name, limiter));
        }
        Limit(Backend::Process(own))
    }
}

#[cfg(feature = "redis")]
fn parse_address(address: &str, database: u32, key: &str) -> Result<RedisUrl, StartError> {
    let url = match address.contains("://") {
        true if database != 0 => {
            return Err(StartError::new(format!(
                "{key}.database is set, but {key}.address is a URL: write the database into the URL"
            )));
        }
        true => address.parse(),
        false => format!("redis://{address}/{database}").parse(),
    };
    url.map_err(|error| {
        StartError::because(format!("{key}.address is not a valid Redis address"), error)
    })
}

/// The keys contain IP addresses and user names.
#[cfg(feature = "redis")]
fn require_encryption(url: &RedisUrl, key: &str) -> Result<(), StartError> {
    if url.is_encrypted() || url.hosts().iter().all(|(host, _)| is_loopback(host)) {
        return Ok(());
    }
    Err(StartError::new(format!(
        "{key}.address is not encrypted: use rediss:// in production"
    )))
}

impl Limit {
    /// Returns the name of the limit.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Backend::Process(limiter) => limiter.name(),
            #[cfg(feature = "redis")]
            Backend::Replicas(name, _) => name,
        }
    }

    /// Returns the configuration of the limit.
    #[must_use]
    pub fn config(&self) -> &RateLimitConfig {
        match &self.0 {
            Backend::Process(limiter) => limiter.config(),
            #[cfg(feature = "redis")]
            Backend::Replicas(_, limiter) => &limiter.config().limit,
        }
    }

    /// Counts one request of this key.
    ///
    /// # Errors
    /// [`LimitError`] if the request must be rejected.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_async, reason = "Redis is awaited")
    )]
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, LimitError> {
        let decision = match &self.0 {
            Backend::Process(limiter) => limiter.check(key, Instant::now()),
            #[cfg(feature = "redis")]
            Backend::Replicas(_, limiter) => match limiter.admit(key).await {
                Ok(decision) => decision,
                Err(refusal) if refusal.by() == Refused::RateLimited => Decision {
                    allowed: false,
                    remaining: 0,
                    reset: refusal.retry_after().unwrap_or_default(),
                    retry_after: refusal.retry_after().unwrap_or_default(),
                },
                Err(_) => return Err(LimitError::Degraded),
            },
        };
        if decision.allowed {
            Ok(decision)
        } else {
            Err(LimitError::Exceeded(decision))
        }
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;

    #[test]
    fn address_is_a_url_or_host_and_port_res_6() {
        let parse = |address, database| parse_address(address, database, "rate_limit.redis");
        assert_eq!(
            parse("redis:6379", 2).unwrap(),
            "redis://redis:6379/2".parse().unwrap()
        );
        let url = "rediss://:word@redis:6379/2";
        assert_eq!(parse(url, 0).unwrap(), url.parse().unwrap());
        let twice = parse(url, 3).unwrap_err().to_string();
        assert!(
            twice.contains("rate_limit.redis.database is set"),
            "{twice}"
        );
        let wrong = parse("http://:word@redis", 0).unwrap_err().to_string();
        assert!(
            wrong.contains("rate_limit.redis.address is not a valid Redis address"),
            "{wrong}"
        );
        assert!(!wrong.contains("word"));
    }

    #[test]
    fn production_rejects_uncounted_requests_by_default_res_6() {
        let mut config = CountersConfig::default();
        for (profile, policy) in [
            (Profile::Production, OnStoreFailure::Closed),
            (Profile::Staging, OnStoreFailure::Closed),
            (Profile::Development, OnStoreFailure::Local),
        ] {
            assert_eq!(config.on_failure_in(profile), policy);
        }
        config.on_failure = Some(OnStoreFailure::Local);
        let policy = config.on_failure_in(Profile::Production);
        assert_eq!(policy, OnStoreFailure::Local);
    }

    #[test]
    fn production_requires_tls_except_on_loopback_sec_1() {
        let check = |url: &str| require_encryption(&url.parse().unwrap(), "rate_limit.redis");
        for url in [
            "rediss://redis:6379",
            "redis://127.0.0.1",
            "redis://localhost",
            "redis://[::1]:6379",
        ] {
            assert!(check(url).is_ok(), "{url}");
        }
        let refused = check("redis://redis:6379").unwrap_err().to_string();
        assert!(
            refused.contains("rate_limit.redis.address is not encrypted"),
            "{refused}"
        );
    }
}
