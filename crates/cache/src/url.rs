use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use seaworthy_redis::RedisUrl;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The scheme of the cache inside the process.
const MEMORY: &str = "memory:";

/// Where a cache is: `memory:`, or a Redis.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CacheUrl {
    /// In the memory of this process; replicas do not see each other's changes.
    #[default]
    Memory,
    /// In a Redis that replicas share.
    Redis(RedisUrl),
}

/// The text is not the URL of a cache. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cache URL is memory: or that of a Redis, such as redis://host:port/database")]
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
