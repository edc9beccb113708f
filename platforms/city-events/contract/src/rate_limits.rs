//! Rate limits, counted in each process or in a Redis that all replicas of a service share (RES-6).

use seaworthy::{
    config::{Profile, Settings},
    core::host::is_loopback,
    prelude::*,
    redis::{RedisConfig, RedisUrl},
    resilience::rate_limit::{
        OnStoreFailure, RateLimitConfig, RateLimitHeaders, RateLimitKey, RateLimitRedisConfig,
        RateLimits, RateLimitsConfig,
    },
};

/// The Redis in which all replicas of a service count. Without an address each replica counts its
/// own requests.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct RateLimitStoreConfig {
    /// `redis://host:port/database`, `rediss://host:port/database`, or `host:port` as in the legacy
    /// services.
    #[serde(skip_serializing)]
    #[schemars(extend("x-link" = true))]
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

impl RateLimitStoreConfig {
    fn on_failure_in(&self, profile: Profile) -> OnStoreFailure {
        self.on_failure.unwrap_or(match profile {
            Profile::Production | Profile::Staging => OnStoreFailure::Closed,
            Profile::Development | Profile::Test => OnStoreFailure::Local,
        })
    }

    /// Returns the settings of the Redis, if there is one. `key` is the key of this section.
    fn redis(
        &self,
        key: &str,
        profile: Profile,
    ) -> Result<Option<RateLimitRedisConfig>, StartError> {
        let Some(address) = &self.address else {
            return Ok(None);
        };
        let url = parse_address(address.expose(), self.database, key)?;
        if profile == Profile::Production {
            require_encryption(&url, key)?;
        }
        Ok(Some(RateLimitRedisConfig {
            url,
            password: self.password.clone(),
            timeout: RedisConfig::default().timeout,
            prefix: None,
            on_failure: self.on_failure_in(profile),
        }))
    }
}

/// Creates the rate limits of one service. They follow every reload (CONF-4).
pub struct Counters<'service, C: Settings> {
    service: &'service Assembly<C>,
    key: &'static str,
    select: fn(&C) -> &RateLimitStoreConfig,
}

/// A rate limit. Cheap to clone. All clones share the counts.
#[derive(Debug, Clone)]
pub struct Limit(RateLimits);

/// The errors of [`Limit::admit`].
#[derive(Debug)]
pub enum LimitError {
    /// The limit is exceeded. The response has these headers.
    Exceeded(Error, RateLimitHeaders),
    /// Redis is unavailable, and `on_failure` is `closed`.
    Degraded(Error),
}

impl From<LimitError> for Error {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(error, _) | LimitError::Degraded(error) => error,
        }
    }
}

impl<'service, C: Settings> Counters<'service, C> {
    /// Uses the Redis of the section that `select` returns. `key` is the key of the section.
    pub fn new(
        service: &'service Assembly<C>,
        key: &'static str,
        select: fn(&C) -> &RateLimitStoreConfig,
    ) -> Self {
        Self {
            service,
            key,
            select,
        }
    }

    /// Creates a limit with a name that is unique within the service. `limit` returns it for the
    /// current settings, or `None` if requests are not limited.
    ///
    /// # Errors
    /// [`StartError`] if the address of the Redis is invalid, or not encrypted in production.
    pub fn limit(
        &self,
        name: &str,
        limit: impl Fn(&C) -> Option<RateLimitConfig> + Clone + Send + Sync + 'static,
    ) -> Result<Limit, StartError> {
        let (key, select, profile) = (self.key, self.select, self.service.profile());
        let select = move |settings: &C| {
            let Some(config) = limit(settings) else {
                return Ok(RateLimitsConfig {
                    enabled: false,
                    ..RateLimitsConfig::default()
                });
            };
            Ok(RateLimitsConfig {
                requests: config.requests,
                window: config.window,
                max_keys: config.max_keys,
                redis: select(settings).redis(key, profile)?,
                ..RateLimitsConfig::default()
            })
        };
        self.service.try_rate_limits(name, select).map(Limit)
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
        StartError::with_cause(format!("{key}.address is not a valid Redis address"), error)
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
    /// Counts one request of this key. Returns the headers of the response, if requests are
    /// limited.
    ///
    /// # Errors
    /// [`LimitError`] if the request must be rejected.
    pub async fn admit(&self, key: &RateLimitKey) -> Result<Option<RateLimitHeaders>, LimitError> {
        self.0
            .count_key(key)
            .await
            .map_err(|limited| match limited.headers {
                Some(headers) => LimitError::Exceeded(limited.error, headers),
                None => LimitError::Degraded(limited.error),
            })
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
        let mut config = RateLimitStoreConfig::default();
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
