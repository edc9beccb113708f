use schemars::JsonSchema;
use seaworthy_core::{ByteSize, Ratio, Secret, Timeout};
use serde::{Deserialize, Serialize};

use crate::url::CacheUrl;

/// DATA-5: a cache that takes longer saves nothing.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_millis(200);
/// Tens of thousands of usual entries, and little beside what a service needs anyway.
const DEFAULT_MEMORY: ByteSize = ByteSize::mebibytes(32);
/// Tells apart the services that share a Redis.
const DEFAULT_PREFIX: &str = "cache";
/// Long enough to save most work, short enough that a change that nobody told of is seen soon.
const DEFAULT_KEEP: Timeout = Timeout::from_secs(5 * 60);
/// What was not there may be made at any moment.
const DEFAULT_KEEP_ABSENT: Timeout = Timeout::from_secs(30);
/// Entries that were made together end apart.
const DEFAULT_JITTER: Ratio = Ratio::percent(10);
/// The largest answers of usual services; a larger one is not worth its place.
const DEFAULT_LARGEST: ByteSize = ByteSize::kibibytes(256);

/// A cache and how it is used.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheConfig {
    /// Where it is: memory: within the process, or a Redis, such as redis://host:port/database.
    pub url: CacheUrl,
    /// The password of Redis, where the URL has none.
    #[serde(skip_serializing)]
    pub password: Option<Secret<String>>,
    /// How long Redis may take.
    pub timeout: Timeout,
    /// What the keys in Redis begin with.
    pub prefix: String,
    /// How much a cache within the process may hold.
    pub memory: ByteSize,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            url: CacheUrl::default(),
            password: None,
            timeout: DEFAULT_TIMEOUT,
            prefix: DEFAULT_PREFIX.to_owned(),
            memory: DEFAULT_MEMORY,
        }
    }
}

/// How long entries of one kind are kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EntryConfig {
    /// How long an entry is kept at most.
    pub keep: Timeout,
    /// How long it is remembered that something does not exist.
    pub keep_absent: Timeout,
    /// The share of its time by which an entry may end earlier, at random.
    pub jitter: Ratio,
    /// A larger entry is not kept.
    pub largest: ByteSize,
}

impl Default for EntryConfig {
    fn default() -> Self {
        Self {
            keep: DEFAULT_KEEP,
            keep_absent: DEFAULT_KEEP_ABSENT,
            jitter: DEFAULT_JITTER,
            largest: DEFAULT_LARGEST,
        }
    }
}
