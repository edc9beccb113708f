use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seaworthy_redis::RedisUrl;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The URL of the cache in the process.
const MEMORY: &str = "memory:";

/// The URL of a cache: `memory:`, or that of a Redis.
///
/// ```
/// use seaworthy_cache::CacheUrl;
///
/// assert_eq!("memory:".parse(), Ok(CacheUrl::Memory));
/// assert!("redis://localhost:6379/0".parse::<CacheUrl>().is_ok());
/// assert!("localhost".parse::<CacheUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CacheUrl {
    /// The memory of this process. Replicas do not see each other's changes.
    #[default]
    Memory,
    /// A Redis that replicas share.
    Redis(RedisUrl),
}

/// The error for a text that is not the URL of a cache. It omits the text, which may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cache URL is invalid: use memory: or a URL such as redis://host:port/database")]
pub struct InvalidCacheUrl;

impl FromStr for CacheUrl {
    type Err = InvalidCacheUrl;

    fn from_str(text: &str) -> Result<Self, InvalidCacheUrl> {
        if text == MEMORY {
            return Ok(Self::Memory);
        }
        text.parse().map(Self::Redis).map_err(|_| InvalidCacheUrl)
    }
}

impl fmt::Display for CacheUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str(MEMORY),
            Self::Redis(url) => url.fmt(formatter),
        }
    }
}

impl Serialize for CacheUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CacheUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for CacheUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CacheUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uri", "x-link": true })
    }
}
