use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// Replaces a password in text.
const MASK: &str = "***";

/// The URL of a broker. Its scheme chooses the engine: `memory:`, `sqlite:path/to/file.db`,
/// `amqp://`, `amqps://`, `nats://`, `tls://`, `redis://`, `rediss://`, `kafka://`, `kafkas://`,
/// `dapr://`.
///
/// A password in the URL is used and never shown. Prefer the setting `password`, which refers to a
/// secret.
///
/// ```
/// use seaworthy_messaging::{BrokerUrl, Engine};
///
/// let url: BrokerUrl = "amqp://app:hunter2@broker.internal/orders".parse().unwrap();
/// assert_eq!(url.engine(), Engine::Rabbitmq);
/// assert_eq!(url.to_string(), "amqp://app:***@broker.internal/orders");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    engine: Engine,
    text: String,
}

/// The engines that a URL can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// In the memory of the process.
    Memory,
    /// In an SQLite file that the processes of one machine share.
    Sqlite,
    /// RabbitMQ by AMQP 0-9-1.
    Rabbitmq,
    /// NATS JetStream.
    Nats,
    /// Redis Streams.
    Redis,
    /// Kafka.
    Kafka,
    /// The sidecar of Dapr.
    Dapr,
}

/// Schemes, their engines and default ports.
const SCHEMES: [(&str, Engine, Option<u16>); 11] = [
    ("memory", Engine::Memory, None),
    ("sqlite", Engine::Sqlite, None),
    ("amqp", Engine::Rabbitmq, Some(5672)),
    ("amqps", Engine::Rabbitmq, Some(5671)),
    ("nats", Engine::Nats, Some(4222)),
    ("tls", Engine::Nats, Some(4222)),
    ("redis", Engine::Redis, Some(6379)),
    ("rediss", Engine::Redis, Some(6379)),
    ("kafka", Engine::Kafka, Some(9092)),
    ("kafkas", Engine::Kafka, Some(9093)),
    ("dapr", Engine::Dapr, Some(50001)),
];

/// The text is not a valid broker URL. The message leaves the text out, because it may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid broker URL: use memory:, sqlite:path, amqp://user@host/vhost, nats://host, redis://host, kafka://host or dapr://host:port/component"
)]
pub struct InvalidBrokerUrl;

impl BrokerUrl {
    /// Returns the URL of a broker in the memory of the process.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            engine: Engine::Memory,
            text: "memory:".to_owned(),
        }
    }

    /// Returns the URL of a broker in an SQLite file.
    #[must_use]
    pub fn sqlite(path: &str) -> Self {
        Self {
            engine: Engine::Sqlite,
            text: format!("sqlite:{path}"),
        }
    }

    /// Returns the engine.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns the scheme, such as `amqps`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        let written = self.text.split(':').next().unwrap_or_default();
        SCHEMES
            .iter()
            .find(|(scheme, ..)| *scheme == written)
            .map_or("memory", |(scheme, ..)| scheme)
    }

    /// Returns `host:port` of a server, and `None` for an embedded broker.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let url = Url::parse(&self.text).ok()?;
        let scheme = self.scheme();
        let (_, _, default) = SCHEMES.iter().find(|(known, ..)| *known == scheme)?;
        let port = url.port().or(*default)?;
        Some(format!("{}:{port}", url.host_str()?))
    }

    /// Returns the path of an SQLite file.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        let path = self.text.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Some(PathBuf::from(path))
    }

    /// Returns the URL with its password, or with `password` if it has none. Do not log it.
    #[must_use]
    pub fn with_credentials(&self, password: Option<&str>) -> Option<Url> {
        let mut url = Url::parse(&self.text).ok()?;
        if let Some(password) = password
            && url.password().is_none()
        {
            url.set_password(Some(password)).ok()?;
        }
        Some(url)
    }

    fn without_password(&self) -> Cow<'_, str> {
        let masked = || {
            let mut url = Url::parse(&self.text).ok()?;
            url.password()?;
            url.set_password(Some(MASK)).ok()?;
            Some(String::from(url))
        };
        masked().map_or(Cow::Borrowed(self.text.as_str()), Cow::Owned)
    }
}

impl FromStr for BrokerUrl {
    type Err = InvalidBrokerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBrokerUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(InvalidBrokerUrl)?;
        let known = SCHEMES.iter().find(|(known, ..)| *known == scheme);
        let (_, engine, _) = known.ok_or(InvalidBrokerUrl)?;
        let url = Self {
            engine: *engine,
            text: text.to_owned(),
        };
        let is_complete = match engine {
            Engine::Memory => rest.is_empty(),
            Engine::Sqlite => url.file().is_some_and(|file| !file.as_os_str().is_empty()),
            _ => Url::parse(text)
                .is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty())),
        };
        is_complete.then_some(url).ok_or(InvalidBrokerUrl)
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.without_password())
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.without_password(), formatter)
    }
}

impl Serialize for BrokerUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BrokerUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for BrokerUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "BrokerUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(memory|sqlite|amqp|amqps|nats|tls|redis|rediss|kafka|kafkas|dapr):",
            "x-link": true,
            "description": "A broker such as amqps://user@host/vhost, nats://host, sqlite:data/broker.db or memory:.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_chooses_engine_msg_1() {
        let engine = |text: &str| text.parse::<BrokerUrl>().map(|url| url.engine());
        assert_eq!(engine("memory:"), Ok(Engine::Memory));
        assert_eq!(engine("sqlite:data/broker.db"), Ok(Engine::Sqlite));
        assert_eq!(engine("amqps://a@b/c"), Ok(Engine::Rabbitmq));
        for bad in [
            "", "memory", "memory:x", "sqlite:", "amqp://", "mqtt://a", "amqp:a",
        ] {
            assert_eq!(engine(bad), Err(InvalidBrokerUrl), "{bad:?}");
        }
    }

    #[test]
    fn password_in_url_is_used_and_masked_conf_5() {
        let url: BrokerUrl = "amqp://app:hunter2@broker".parse().unwrap();
        assert!(
            !format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap()).contains("hunter2")
        );
        assert_eq!(
            url.with_credentials(Some("other")).unwrap().password(),
            Some("hunter2")
        );
        assert_eq!(url.address().as_deref(), Some("broker:5672"));
    }
}
