use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Ratio, Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::url::CacheUrl;

/// The default of `timeout`: a slower cache does not save time (DATA-5).
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);
/// The default of `max_memory`: tens of thousands of typical entries.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(32);
/// The default of `ttl`: saves most loads. A change without an invalidation is visible after it.
const DEFAULT_TTL: Timeout = Timeout::from_secs(5 * 60);
/// The default of `negative_ttl`, short because a missing entity may be created at any time.
const DEFAULT_NEGATIVE_TTL: Timeout = Timeout::from_secs(30);
/// The default of `jitter`: entries that were loaded together expire at different times.
const DEFAULT_JITTER: Ratio = Ratio::percent(10);
/// The default of `max_entry_size`: typical responses fit. A larger one evicts too many entries.
const DEFAULT_MAX_ENTRY_SIZE: ByteSize = ByteSize::kibibytes(256);

/// Settings of a cache.
///
/// ```
/// use seaworthy_cache::CacheConfig;
///
/// let config = CacheConfig {
///     url: "redis://localhost:6379".parse().unwrap(),
///     ..CacheConfig::default()
/// };
/// assert!(config.prefix.is_none());
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// URL of the store of entries: memory: in the process, or a Redis, such as
    /// redis://host:port/database.
    pub url: CacheUrl,
    /// The password of Redis, if the URL contains none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// The time limit of a call to Redis.
    pub timeout: Timeout,
    /// The prefix of the keys and leases in Redis. The default is SERVICE:PROFILE:CACHE, such as
    /// orders:production:cache. Services and deployments that share a Redis therefore share no
    /// entries and no leases. With an empty text, entries have the key KIND:KEY, for other programs
    /// that read or delete them, and leases have the default prefix.
    pub prefix: Option<String>,
    /// The maximum memory of a cache in the process.
    pub max_memory: ByteSize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            url: CacheUrl::default(),
            password: None,
            timeout: DEFAULT_TIMEOUT,
            prefix: None,
            max_memory: DEFAULT_MAX_MEMORY,
        }
    }
}

/// Settings of entries of one kind.
///
/// ```
/// use seaworthy_cache::EntryConfig;
/// use seaworthy_core::Timeout;
///
/// let config = EntryConfig { ttl: Timeout::from_secs(60), ..EntryConfig::default() };
/// assert!(config.negative_ttl < config.ttl);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EntryConfig {
    /// The maximum time to live of an entry.
    pub ttl: Timeout,
    /// The time to live of the information that the source has no such entity.
    pub negative_ttl: Timeout,
    /// The share of its time to live by which an entry may expire earlier, at random.
    pub jitter: Ratio,
    /// The cache does not store a larger entry.
    pub max_entry_size: ByteSize,
}

impl Default for EntryConfig {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            negative_ttl: DEFAULT_NEGATIVE_TTL,
            jitter: DEFAULT_JITTER,
            max_entry_size: DEFAULT_MAX_ENTRY_SIZE,
        }
    }
}
