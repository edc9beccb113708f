mod dsn;

use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use crate::Engine;

/// Replaces a password.
const MASK: &str = "***";

/// The URL of a database: `postgres://user@host:5432/name`, `mysql://…`, `mariadb://…`, or
/// `sqlite:path/to/file.db`.
///
/// The data source names of Go's MySQL driver, `user:password@tcp(host:3306)/name`, are accepted
/// too.
///
/// A password in the URL is used and never shown. Prefer the setting `password`, which is a
/// reference to a secret.
///
/// ```
/// use seaworthy_data::{DatabaseUrl, Engine};
///
/// let url: DatabaseUrl = "postgres://app:hunter2@db.internal/orders".parse().unwrap();
/// assert_eq!(url.engine(), Engine::Postgres);
/// assert_eq!(url.to_string(), "postgres://app:***@db.internal/orders");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    engine: Engine,
    text: String,
}

/// The text is not the URL of a database. The error does not repeat it, because it may contain a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid database URL: use postgres://user@host/name, mysql://user@host/name, mariadb://user@host/name, sqlite:path or sqlite::memory:"
)]
pub struct InvalidDatabaseUrl;

impl DatabaseUrl {
    /// Returns the URL of an SQLite file.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
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

    /// Returns `host:port` of a server.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        let url = self.url()?;
        let port = url.port().unwrap_or(match self.engine {
            Engine::Postgres => 5432,
            Engine::MySql => 3306,
            Engine::Sqlite => return None,
        });
        Some(format!("{}:{port}", url.host_str()?))
    }

    /// Returns the name of the database on its server, or the file of SQLite.
    #[must_use]
    pub fn database(&self) -> String {
        match self.url() {
            Some(url) => url.path().trim_start_matches('/').to_owned(),
            None => self
                .file()
                .map(|file| file.display().to_string())
                .unwrap_or_default(),
        }
    }

    /// Returns the file of an SQLite database. Returns `None` for other engines and in memory.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        if self.engine != Engine::Sqlite || self.is_in_memory() {
            return None;
        }
        let path = sqlite_path(&self.text);
        (!path.is_empty()).then(|| PathBuf::from(path))
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.engine == Engine::Sqlite && sqlite_path(&self.text) == ":memory:"
    }

    /// Returns the URL with the scheme and password for the driver.
    pub(crate) fn url(&self) -> Option<Url> {
        if self.engine == Engine::Sqlite {
            return None;
        }
        // Drivers use the scheme `mysql` for MariaDB too.
        let text = match self.text.strip_prefix("mariadb:") {
            Some(rest) => Cow::Owned(format!("mysql:{rest}")),
            None => Cow::Borrowed(self.text.as_str()),
        };
        Url::parse(&text).ok()
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

fn sqlite_path(text: &str) -> &str {
    let path = text.strip_prefix("sqlite:").unwrap_or(text);
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split_once('?').map_or(path, |(path, _)| path)
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(url) = dsn::url_of(text) {
            return url.parse();
        }
        let (scheme, _) = text.split_once(':').ok_or(InvalidDatabaseUrl)?;
        let engine = Engine::from_scheme(scheme).ok_or(InvalidDatabaseUrl)?;
        let url = Self {
            engine,
            text: text.to_owned(),
        };
        let is_complete = match url.url() {
            Some(parsed) => {
                parsed.has_host()
                    && parsed.path().len() > 1
                    && parsed.host_str().is_some_and(|host| !host.is_empty())
            }
            None => engine == Engine::Sqlite && !sqlite_path(text).is_empty(),
        };
        is_complete.then_some(url).ok_or(InvalidDatabaseUrl)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.without_password())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.without_password(), formatter)
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for DatabaseUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DatabaseUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(postgres|postgresql|mysql|mariadb|sqlite):|@tcp\\(",
            "x-link": true,
            "description": "A database such as postgres://user@host/name, mysql://user@host/name or sqlite:data/file.db.",
        })
    }
}
