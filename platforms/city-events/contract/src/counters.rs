//! Rate limits, counted in each process or in a Redis that all replicas of a service share (RES-6).

use seaworthy::{
    config::{Profile, Settings},
    core::host::is_loopback,
    prelude::*,
    redis::{Redis, RedisConfig, RedisUrl},
    resilience::{
        Refusal,
        rate_limit::{
            Decision, OnStoreFailure, RateLimit, RateLimitConfig, RateLimitHeaders, RateLimitKey,
            shared::{RateLimitStore, SharedRateLimitConfig, SharedRateLimiter},
        },
    },
};

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
    /// The policy for requests while Redis is unavailable: `closed` rejects them, `local` counts
    /// them in each replica, `open` admits them. Default: `closed` in production and staging, else
    /// `local`.
    pub on_failure: Option<OnStoreFailure>,
}

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
    store: Option<(RateLimitStore, OnStoreFailure)>,
}

/// A rate limit. Cheap to clone. All clones share the counts.
#[derive(Debug, Clone)]
pub struct Limit(RateLimit);

/// The errors of [`Limit::admit`].
#[derive(Debug, Clone)]
pub enum LimitError {
    /// The limit is exceeded.
    Exceeded(Decision),
    /// Redis is unavailable, and `on_failure` is `closed`.
    Degraded(Refusal),
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(decision) => {
                let message = "too many requests; try again later";
                Self::new(Code::Exhausted, "RATE_LIMITED", message)
                    .with_retry_after(decision.retry_after)
            }
            LimitError::Degraded(refusal) => refusal.into(),
        }
    }
}

impl<'service, C: Settings> Counters<'service, C> {
    /// Connects to the Redis in `config`, if there is one. `key` is the key of the setting.
    ///
    /// # Errors
    /// [`StartError`] if the address is invalid, or if it is not encrypted in production.
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

    /// Creates a limit with a name that is unique within the service.
    #[must_use]
    pub fn limit(&self, name: &'static str, limit: RateLimitConfig) -> Limit {
        // Registered in any case, so that the admin listener lists it.
        let own = self.service.resilience().rate_limiter(name, &limit);
        let Some((store, on_failure)) = &self.store else {
            return Limit(own.into());
        };
        let shared = SharedRateLimitConfig {
            limit,
            prefix: format!("{}:rate_limit", self.service.identity().name()),
            on_failure: *on_failure,
            ..SharedRateLimitConfig::default()
        };
        let metrics = self.service.metrics();
        let limiter = SharedRateLimiter::with_fallback(name, &shared, store.clone(), own, metrics);
        Limit(limiter.into())
    }
}

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
fn require_encryption(url: &RedisUrl, key: &str) -> Result<(), StartError> {
    if url.is_encrypted() || url.hosts().iter().all(|(host, _)| is_loopback(host)) {
        return Ok(());
    }
    Err(StartError::new(format!(
        "{key}.address is not encrypted: use rediss:// in production"
    )))
}

impl Limit {
    /// Returns the response headers that describe a decision.
    #[must_use]
    pub fn headers(&self, decision: &Decision) -> RateLimitHeaders {
        RateLimitHeaders::new(self.0.name(), self.0.config(), decision)
    }

    /// Counts one request of this key.
    ///
    /// # Errors
    /// [`LimitError`] if the request must be rejected.
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, LimitError> {
        let decision = self.0.check(key).await.map_err(LimitError::Degraded)?;
        if decision.allowed {
            Ok(decision)
        } else {
            Err(LimitError::Exceeded(decision))
        }
    }
}

#[cfg(test)]
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
