use std::num::NonZeroU32;

use seaworthy::{
    data::DatabaseConfig,
    prelude::*,
    redis::{RedisConfig, RedisUrl},
    resilience::rate_limit::{OnStoreFailure, RateLimitRedisConfig},
    service::SettingProblem,
};

use crate::NAME;

/// The default pool size of the contract.
const DEFAULT_POOL_SIZE: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// The stores of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// The database: PostgreSQL in production, an SQLite file in development.
    pub(crate) database: DatabaseConfig,
    /// The Redis in which all replicas cache results, and count logins and captchas together. Not
    /// set: each replica has its own cache and counts. `server.http.rate_limit.redis` is separate.
    pub(crate) redis: Option<RedisStoreConfig>,
}

/// The Redis that all replicas share.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RedisStoreConfig {
    /// The URL: redis://host:port/database, redis+sentinel://host:port,host:port/master/database or
    /// redis+cluster://host:port,host:port. Use rediss for TLS. Not set: there is no Redis.
    pub(crate) url: Option<RedisUrl>,
    /// The password, if the URL contains none.
    #[serde(skip_serializing)]
    pub(crate) password: Option<Secret<String>>,
    /// The number of the database. Not set: that of the URL.
    pub(crate) db: Option<u16>,
    /// Maximum time of a command, including the connection.
    pub(crate) timeout: Timeout,
    /// Further time for sending a command. Not set: `timeout` is the maximum of both.
    pub(crate) write_timeout: Option<Timeout>,
    /// Maximum number of commands at the same time, over one connection for each use. Further ones
    /// wait within their timeout. Not set: no limit.
    pub(crate) pool_size: Option<NonZeroU32>,
    /// Prefix of the keys of rate limits. Not set: `SERVICE:PROFILE:rate_limit`.
    pub(crate) prefix: Option<String>,
    /// Decision about a request while Redis is unavailable.
    pub(crate) on_failure: OnStoreFailure,
}

impl Default for RedisStoreConfig {
    fn default() -> Self {
        Self {
            url: None,
            password: None,
            db: None,
            timeout: RedisConfig::default().timeout,
            write_timeout: None,
            pool_size: Some(DEFAULT_POOL_SIZE),
            prefix: None,
            on_failure: OnStoreFailure::default(),
        }
    }
}

impl RedisStoreConfig {
    /// Returns the settings of limits in this Redis, if it has a URL.
    ///
    /// # Errors
    /// `db` contradicts the URL.
    pub(crate) fn connection(&self) -> Result<Option<RateLimitRedisConfig>, SettingProblem> {
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let url = match self.db {
            None => url.clone(),
            Some(db) if url.database() == 0 || url.database() == i64::from(db) => {
                let contradicts = |error| {
                    let problem = format!("is not a database of the URL: {error}");
                    SettingProblem::new("data.redis.db", problem)
                };
                url.clone().with_database(db).map_err(contradicts)?
            }
            Some(_) => {
                let problem = "data.redis.url names another database: remove one";
                return Err(SettingProblem::new("data.redis.db", problem));
            }
        };
        let sending = self.write_timeout.map(Timeout::get).unwrap_or_default();
        let timeout = self.timeout.get().saturating_add(sending);
        Ok(Some(RateLimitRedisConfig {
            url: match self.pool_size {
                Some(max_commands) => url.with_max_commands(max_commands),
                None => url,
            },
            password: self.password.clone(),
            timeout: Timeout::try_from(timeout).unwrap_or(self.timeout),
            prefix: self.prefix.clone(),
            on_failure: self.on_failure,
        }))
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            // `.gitignore` excludes the folder.
            database: DatabaseConfig::embedded(&format!("data/{NAME}.db")),
            redis: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config(url: &str) -> RedisStoreConfig {
        RedisStoreConfig {
            url: Some(url.parse().unwrap()),
            ..RedisStoreConfig::default()
        }
    }

    #[test]
    fn redis_of_the_contract_has_database_timeouts_and_pool_conf_1() {
        let config = RedisStoreConfig {
            db: Some(3),
            timeout: Timeout::from_millis(300),
            write_timeout: Some(Timeout::from_millis(200)),
            pool_size: NonZeroU32::new(10),
            ..config("redis://cache:6379")
        };
        let connection = config.connection().unwrap().unwrap();
        assert_eq!(connection.url.to_string(), "redis://cache:6379/3");
        assert_eq!(connection.timeout.get(), Duration::from_millis(500));
        let unlimited: RedisUrl = "redis://cache:6379/3".parse().unwrap();
        assert_ne!(connection.url, unlimited, "the pool limits the commands");
    }

    #[test]
    fn contradicting_databases_are_rejected_conf_1() {
        for url in ["redis://cache/1", "redis+cluster://cache"] {
            let config = RedisStoreConfig {
                db: Some(3),
                ..config(url)
            };
            let problem = config.connection().unwrap_err();
            assert!(problem.to_string().contains("data.redis.db"), "{problem}");
        }
        assert!(RedisStoreConfig::default().connection().unwrap().is_none());
    }
}
