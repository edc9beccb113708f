use seaworthy::{data::DatabaseConfig, prelude::*, resilience::rate_limit::RateLimitRedisConfig};

/// A file in a folder that `.gitignore` excludes.
const DEFAULT_FILE: &str = "data/starter.db";

/// The stores of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// The database: PostgreSQL in production, an SQLite file in development.
    pub(crate) database: DatabaseConfig,
    /// The Redis in which all replicas count requests together and cache results. Not set: each
    /// replica has its own counts and cache.
    pub(crate) redis: Option<RateLimitRedisConfig>,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            redis: None,
        }
    }
}
