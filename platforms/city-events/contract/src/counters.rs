//! Where limits are counted: in each process, or in a Redis that all replicas of a service share (RES-6).

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

/// How soon a request that nobody could count may come again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The Redis in which all replicas of a service count together. Without an address each replica counts alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountersConfig {
    /// Where it is: `redis://host:port/database`, or `host:port` as the services before were told.
    #[serde(skip_serializing)]
    pub address: Option<Secret<String>>,
    /// Its password, where the address has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// Which of its databases, where the address is `host:port`.
    pub database: u32,
    /// What becomes of requests while Redis is away. Left out, they are refused in production and staging (`closed`), and elsewhere each replica counts alone (`local`).
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

/// Where the limits of one service are counted.
pub struct Counters<'service, C: Settings> {
    service: &'service Assembly<C>,
    #[cfg(feature = "redis")]
    store: Option<(RateLimitStore, OnStoreFailure)>,
}

/// A limit, wherever it is counted. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Limit(Place);

/// Why a request does not go on.
#[derive(Debug, Clone)]
pub enum NotAdmitted {
    /// The limit is used up.
    TooMany(Decision),
    /// Redis is away, and nobody is let in uncounted.
    Degraded,
}

impl From<NotAdmitted> for Error {
    fn from(reason: NotAdmitted) -> Self {
        match reason {
            NotAdmitted::TooMany(decision) => {
                let message = "too many requests; try again later";
                Self::new(Code::Exhausted, "RATE_LIMITED", message)
                    .with_retry_after(decision.retry_after)
            }
            NotAdmitted::Degraded => {
                let message = "the service is degraded; try again later";
                Self::new(Code::Unavailable, "SERVICE_DEGRADED", message)
                    .with_retry_after(LOOK_AGAIN)
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Place {
    Process(RateLimiter),
    #[cfg(feature = "redis")]
    Replicas(&'static str, SharedRateLimiter),
}

impl<'service, C: Settings> Counters<'service, C> {
    /// Counts where the settings under `key` say.
    ///
    /// # Errors
    /// [`StartError`] for an address that means nothing, in production for one that is not encrypted, and for any in a program that was built without Redis.
    #[cfg(feature = "redis")]
    pub fn open(
        service: &'service Assembly<C>,
        key: &str,
        config: &CountersConfig,
    ) -> Result<Self, StartError> {
        let on_failure = config.on_failure_in(service.profile());
        let store = config.address.as_ref().map(|address| {
            let url = address_of(address.expose(), config.database, key)?;
            if service.profile() == Profile::Production {
                private(&url, key)?;
            }
            let config = RedisConfig {
                url,
                password: config.password.clone(),
                ..RedisConfig::default()
            };
            let redis = Redis::new(&config)
                .map_err(|error| StartError::because(format!("{key} cannot be used"), error))?;
            Ok::<_, StartError>((RateLimitStore::new(redis), on_failure))
        });
        let store = store.transpose()?;
        Ok(Self { service, store })
    }

    /// Counts where the settings under `key` say.
    ///
    /// # Errors
    /// [`StartError`] for an address: this program was built without Redis.
    #[cfg(not(feature = "redis"))]
    pub fn open(
        service: &'service Assembly<C>,
        key: &str,
        config: &CountersConfig,
    ) -> Result<Self, StartError> {
        match config.address {
            None => Ok(Self { service }),
            Some(_) => Err(StartError::new(format!(
                "{key}.address is set, and this program was built without its feature `redis`"
            ))),
        }
    }

    /// A limit that is known by a name of its own within the service.
    #[must_use]
    pub fn limit(&self, name: &'static str, limit: RateLimitConfig) -> Limit {
        // Operators see it among the others, wherever it counts.
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
            return Limit(Place::Replicas(name, limiter));
        }
        Limit(Place::Process(own))
    }
}

#[cfg(feature = "redis")]
fn address_of(address: &str, database: u32, key: &str) -> Result<RedisUrl, StartError> {
    let url = match address.contains("://") {
        true if database != 0 => {
            return Err(StartError::new(format!(
                "{key}.database is set, and {key}.address is a URL, which says the database itself"
            )));
        }
        true => address.parse(),
        false => format!("redis://{address}/{database}").parse(),
    };
    url.map_err(|error| {
        StartError::because(format!("{key}.address is no address of a Redis"), error)
    })
}

/// Addresses of people and names of users are in its keys.
#[cfg(feature = "redis")]
fn private(url: &RedisUrl, key: &str) -> Result<(), StartError> {
    if url.is_encrypted() || url.hosts().iter().all(|(host, _)| is_loopback(host)) {
        return Ok(());
    }
    Err(StartError::new(format!(
        "{key}.address is not encrypted, which production refuses: write rediss://"
    )))
}

impl Limit {
    /// The name it is known by.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Place::Process(limiter) => limiter.name(),
            #[cfg(feature = "redis")]
            Place::Replicas(name, _) => name,
        }
    }

    /// How much it allows.
    #[must_use]
    pub fn config(&self) -> &RateLimitConfig {
        match &self.0 {
            Place::Process(limiter) => limiter.config(),
            #[cfg(feature = "redis")]
            Place::Replicas(_, limiter) => &limiter.config().limit,
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// [`NotAdmitted`].
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_async, reason = "Redis is awaited")
    )]
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Decision, NotAdmitted> {
        let decision = match &self.0 {
            Place::Process(limiter) => limiter.check(key, Instant::now()),
            #[cfg(feature = "redis")]
            Place::Replicas(_, limiter) => match limiter.admit(key).await {
                Ok(decision) => decision,
                Err(refusal) if refusal.by() == Refused::RateLimited => Decision {
                    allowed: false,
                    remaining: 0,
                    reset: refusal.retry_after().unwrap_or_default(),
                    retry_after: refusal.retry_after().unwrap_or_default(),
                },
                Err(_) => return Err(NotAdmitted::Degraded),
            },
        };
        if decision.allowed {
            Ok(decision)
        } else {
            Err(NotAdmitted::TooMany(decision))
        }
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_url_or_a_host_and_a_port_res_6() {
        let of = |address, database| address_of(address, database, "rate_limit.redis");
        assert_eq!(
            of("redis:6379", 2).unwrap(),
            "redis://redis:6379/2".parse().unwrap()
        );
        let whole = "rediss://:word@redis:6379/2";
        assert_eq!(of(whole, 0).unwrap(), whole.parse().unwrap());
        let twice = of(whole, 3).unwrap_err().to_string();
        assert!(
            twice.contains("rate_limit.redis.database is set"),
            "{twice}"
        );
        let wrong = of("http://:word@redis", 0).unwrap_err().to_string();
        assert!(
            wrong.contains("rate_limit.redis.address is no address of a Redis"),
            "{wrong}"
        );
        assert!(!wrong.contains("word"));
    }

    #[test]
    fn production_lets_nobody_in_uncounted_unless_it_is_told_to_res_6() {
        let mut config = CountersConfig::default();
        for (profile, policy) in [
            (Profile::Production, OnStoreFailure::Closed),
            (Profile::Staging, OnStoreFailure::Closed),
            (Profile::Development, OnStoreFailure::Local),
        ] {
            assert_eq!(config.on_failure_in(profile), policy);
        }
        config.on_failure = Some(OnStoreFailure::Local);
        let told = config.on_failure_in(Profile::Production);
        assert_eq!(told, OnStoreFailure::Local);
    }

    #[test]
    fn production_counts_over_tls_or_on_this_machine_sec_1() {
        let told = |url: &str| private(&url.parse().unwrap(), "rate_limit.redis");
        for url in [
            "rediss://redis:6379",
            "redis://127.0.0.1",
            "redis://localhost",
            "redis://[::1]:6379",
        ] {
            assert!(told(url).is_ok(), "{url}");
        }
        let refused = told("redis://redis:6379").unwrap_err().to_string();
        assert!(
            refused.contains("rate_limit.redis.address is not encrypted"),
            "{refused}"
        );
    }
}
