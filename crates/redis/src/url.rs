use std::{borrow::Cow, fmt, num::NonZeroU32, str::FromStr};

use percent_encoding::percent_decode_str;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The default port of Redis.
const DEFAULT_PORT: u16 = 6379;
/// The default port of Sentinel.
const DEFAULT_SENTINEL_PORT: u16 = 26379;
/// The default URL: a server on this machine, for development.
const DEFAULT_URL: &str = "redis://127.0.0.1:6379";
/// The text that replaces a password.
const MASK: &str = "***";

/// The URL of a Redis. Its password is never displayed.
///
/// ```
/// use seaworthy_redis::{RedisUrl, Topology};
///
/// let url: RedisUrl = "rediss+sentinel://app:hunter2@one.internal:26379,two.internal:26379/orders/3".parse().unwrap();
/// assert_eq!(url.topology(), &Topology::Sentinel { master: "orders".to_owned() });
/// assert_eq!(url.hosts().len(), 2);
/// assert_eq!(url.to_string(), "rediss+sentinel://app:***@one.internal:26379,two.internal:26379/orders/3");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    text: String,
    is_encrypted: bool,
    topology: Topology,
    user: Option<String>,
    password: Option<String>,
    hosts: Vec<(String, u16)>,
    database: i64,
    /// Maximum number of concurrent commands. It is not part of the URL.
    max_commands: Option<NonZeroU32>,
}

/// How the servers are organized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// Sentinels that monitor the master of this name.
    Sentinel {
        /// The name of the master.
        master: String,
    },
    /// A cluster.
    Cluster,
}

/// The error for a text that is not the URL of a Redis. It omits the text, which may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Redis URL is invalid: use redis://host:port/database, redis+sentinel://host:port,host:port/master/database or redis+cluster://host:port,host:port, with rediss for TLS"
)]
pub struct InvalidRedisUrl;

impl RedisUrl {
    /// How the servers are organized.
    #[must_use]
    pub const fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The hosts and ports of the server, of the Sentinels, or of some nodes of the cluster.
    #[must_use]
    pub fn hosts(&self) -> &[(String, u16)] {
        &self.hosts
    }

    /// Whether connections use TLS.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// `host:port` of the first host, for a probe.
    #[must_use]
    pub fn address(&self) -> String {
        self.hosts
            .first()
            .map(|(host, port)| format!("{host}:{port}"))
            .unwrap_or_default()
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The number of the database.
    #[must_use]
    pub const fn database(&self) -> i64 {
        self.database
    }

    /// Replaces the number of the database.
    ///
    /// # Errors
    /// [`InvalidRedisUrl`] for a cluster, which has only database 0.
    pub fn with_database(self, database: u16) -> Result<Self, InvalidRedisUrl> {
        let (scheme, rest) = self.text.split_once("://").ok_or(InvalidRedisUrl)?;
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (format!("{credentials}@"), place),
            None => (String::new(), rest),
        };
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        let path = match (&self.topology, database) {
            (Topology::Single, _) => format!("/{database}"),
            (Topology::Sentinel { .. }, _) => {
                let (master, _) = path.split_once('/').unwrap_or((path, ""));
                format!("/{master}/{database}")
            }
            (Topology::Cluster, 0) => String::new(),
            (Topology::Cluster, _) => return Err(InvalidRedisUrl),
        };
        let url: Self = format!("{scheme}://{credentials}{hosts}{path}").parse()?;
        Ok(Self {
            max_commands: self.max_commands,
            ..url
        })
    }

    /// Limits the commands that a connection carries at the same time. Further ones wait within
    /// their timeout.
    #[must_use]
    pub fn with_max_commands(mut self, max_commands: NonZeroU32) -> Self {
        self.max_commands = Some(max_commands);
        self
    }

    pub(crate) const fn max_commands(&self) -> Option<NonZeroU32> {
        self.max_commands
    }

    fn without_password(&self) -> Cow<'_, str> {
        let masked = || {
            let (scheme, rest) = self.text.split_once("://")?;
            let (credentials, place) = rest.rsplit_once('@')?;
            Some(match credentials.split_once(':') {
                Some((user, _)) => format!("{scheme}://{user}:{MASK}@{place}"),
                // A password without the preceding colon is a frequent mistake.
                None => format!("{scheme}://{MASK}@{place}"),
            })
        };
        masked().map_or(Cow::Borrowed(self.text.as_str()), Cow::Owned)
    }
}

/// Decodes percent escapes. `None` if the result is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Returns a part of the credentials. The inner `None` is an empty part, the outer `None` a part
/// that cannot be decoded.
fn credential(text: &str) -> Option<Option<String>> {
    decoded(text).map(|text| (!text.is_empty()).then_some(text))
}

fn host(text: &str, default_port: u16) -> Option<(String, u16)> {
    let (name, port) = match text.rsplit_once(':') {
        // The last colon of an IPv6 address without brackets does not precede a port.
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (text, default_port),
    };
    let name = name
        .strip_prefix('[')
        .map_or(Some(name), |name| name.strip_suffix(']'))?;
    let is_name = !name.is_empty() && !name.contains(['/', '?', '#', '@', ' ']);
    (is_name && port > 0).then(|| (name.to_owned(), port))
}

fn parse(text: &str) -> Option<RedisUrl> {
    let (scheme, rest) = text.split_once("://")?;
    let (transport, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
    let is_encrypted = match transport {
        "redis" => false,
        "rediss" => true,
        _ => return None,
    };
    let (credentials, place) = match rest.rsplit_once('@') {
        Some((credentials, place)) => (Some(credentials), place),
        None => (None, rest),
    };
    let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
    let path = path.trim_end_matches('/');
    let (topology, database, default_port) = match kind {
        "" => (Topology::Single, path, DEFAULT_PORT),
        "sentinel" => {
            let (master, database) = path.split_once('/').unwrap_or((path, ""));
            let master = decoded(master).filter(|master| !master.is_empty())?;
            (
                Topology::Sentinel { master },
                database,
                DEFAULT_SENTINEL_PORT,
            )
        }
        // A cluster has only database 0.
        "cluster" if path.is_empty() => (Topology::Cluster, "", DEFAULT_PORT),
        _ => return None,
    };
    let database = match database {
        "" => 0,
        number => i64::from(number.parse::<u16>().ok()?),
    };
    let hosts: Vec<_> = hosts
        .split(',')
        .map(|text| host(text, default_port))
        .collect::<Option<_>>()?;
    if topology == Topology::Single && hosts.len() != 1 {
        return None;
    }
    let credentials = credentials.unwrap_or_default();
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (credential(user)?, credential(password)?),
        None => (credential(credentials)?, None),
    };
    Some(RedisUrl {
        text: text.to_owned(),
        is_encrypted,
        topology,
        user,
        password,
        hosts,
        database,
        max_commands: None,
    })
}

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        parse(text).ok_or(InvalidRedisUrl)
    }
}

impl Default for RedisUrl {
    fn default() -> Self {
        Self {
            text: DEFAULT_URL.to_owned(),
            is_encrypted: false,
            topology: Topology::Single,
            user: None,
            password: None,
            hosts: vec![("127.0.0.1".to_owned(), DEFAULT_PORT)],
            database: 0,
            max_commands: None,
        }
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.without_password())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.without_password(), formatter)
    }
}

impl Serialize for RedisUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.without_password())
    }
}

impl<'de> Deserialize<'de> for RedisUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for RedisUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RedisUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uri", "x-link": true })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scheme_selects_topology_data_5() {
        let url: RedisUrl = "redis://cache.internal".parse().unwrap();
        assert_eq!(url.topology(), &Topology::Single);
        assert_eq!(url.hosts(), [("cache.internal".to_owned(), 6379)]);
        let url: RedisUrl = "rediss://:p%40ss@[::1]:7000/4".parse().unwrap();
        assert!(url.is_encrypted());
        assert_eq!(url.hosts(), [("::1".to_owned(), 7000)]);
        assert_eq!((url.password(), url.database()), (Some("p@ss"), 4));
        let url: RedisUrl = "redis://:@cache.internal".parse().unwrap();
        assert_eq!((url.user(), url.password()), (None, None));
        let url: RedisUrl = "redis+sentinel://a,b:1/orders".parse().unwrap();
        assert_eq!(url.hosts(), [("a".to_owned(), 26379), ("b".to_owned(), 1)]);
        let url: RedisUrl = "redis+cluster://a:1,b:2".parse().unwrap();
        assert_eq!(url.topology(), &Topology::Cluster);
    }

    #[test]
    fn database_is_replaced_in_the_url_data_5() {
        for (text, expected) in [
            ("redis://cache:1", "redis://cache:1/3"),
            ("rediss://app:p%40ss@cache/1", "rediss://app:***@cache/3"),
            (
                "redis+sentinel://a,b:1/orders/2",
                "redis+sentinel://a,b:1/orders/3",
            ),
        ] {
            let url: RedisUrl = text.parse().unwrap();
            let url = url.with_database(3).unwrap();
            assert_eq!((url.to_string().as_str(), url.database()), (expected, 3));
        }
        let cluster: RedisUrl = "redis+cluster://a:1".parse().unwrap();
        assert_eq!(cluster.clone().with_database(1), Err(InvalidRedisUrl));
        assert!(cluster.with_database(0).is_ok());
    }

    #[test]
    fn invalid_url_is_rejected_without_its_text_conf_5() {
        for text in [
            "",
            "redis://",
            "redis://a:0",
            "redis://a:x",
            "redis://a,b",
            "redis://a/first",
            "redis+sentinel://a",
            "redis+cluster://a/1",
            "redis+ring://a",
            "http://hunter2@a",
            "redis://app:%FFhunter2@a",
            "redis://%FF:hunter2@a",
            "redis://%FFhunter2@a",
        ] {
            let error = text.parse::<RedisUrl>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    proptest! {
        #[test]
        fn password_is_never_displayed_conf_5(password in "[ -~]{1,20}") {
            for (text, shown) in [
                (format!("redis://user:{password}@host:1/2"), "redis://user:***@host:1/2"),
                (format!("redis://{}@host:1/2", password.replace(':', "")), "redis://***@host:1/2"),
            ] {
                let Ok(url) = text.parse::<RedisUrl>() else { continue };
                prop_assert_eq!(url.to_string(), shown);
                prop_assert_eq!(format!("{url:?}"), format!("{shown:?}"));
                prop_assert_eq!(serde_json::to_string(&url).unwrap(), format!("{shown:?}"));
            }
        }
    }
}
