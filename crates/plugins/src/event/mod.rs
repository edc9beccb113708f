//! Events of the host and of plugins.

mod bus;
mod subscriber;
mod subscription;

use std::{borrow::Cow, collections::BTreeMap, fmt};

pub(crate) use bus::WeakEventBus;
pub use bus::{EventBus, SubscriptionId};
use chrono::{DateTime, Utc};
use seaworthy_core::new_id;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
pub use subscription::HandlerError;
pub(crate) use subscription::Subscription;

/// The maximum length of a type in bytes: enough for several parts.
const MAX_TYPE: usize = 100;

/// The type of an event: parts of lower-case letters, digits and `_`, separated by dots. It has at
/// most 100 bytes.
///
/// ```
/// use seaworthy_plugins::EventType;
///
/// assert_eq!("order.shipped".parse(), Ok(EventType::new("order.shipped").unwrap()));
/// assert!(EventType::new("Order shipped").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EventType(Cow<'static, str>);

impl EventType {
    /// A plugin was loaded.
    pub const PLUGIN_LOADED: Self = Self(Cow::Borrowed("plugin.loaded"));
    /// A plugin was unloaded.
    pub const PLUGIN_UNLOADED: Self = Self(Cow::Borrowed("plugin.unloaded"));
    /// A plugin was started.
    pub const PLUGIN_STARTED: Self = Self(Cow::Borrowed("plugin.started"));
    /// A plugin was stopped.
    pub const PLUGIN_STOPPED: Self = Self(Cow::Borrowed("plugin.stopped"));
    /// A plugin failed or was disabled.
    pub const PLUGIN_ERROR: Self = Self(Cow::Borrowed("plugin.error"));
    /// A plugin that was disabled after too many faults is called again.
    pub const PLUGIN_ENABLED: Self = Self(Cow::Borrowed("plugin.enabled"));
    /// The plugins of the service are started. The service may not be ready yet.
    pub const SYSTEM_STARTUP: Self = Self(Cow::Borrowed("system.startup"));
    /// The service stops.
    pub const SYSTEM_SHUTDOWN: Self = Self(Cow::Borrowed("system.shutdown"));
    /// A plugin was reloaded, for example with new settings.
    pub const CONFIG_CHANGED: Self = Self(Cow::Borrowed("config.changed"));
    /// A user logged in.
    pub const USER_LOGIN: Self = Self(Cow::Borrowed("user.login"));
    /// A user logged out.
    pub const USER_LOGOUT: Self = Self(Cow::Borrowed("user.logout"));
    /// A record was created.
    pub const DATA_CREATED: Self = Self(Cow::Borrowed("data.created"));
    /// A record was changed.
    pub const DATA_UPDATED: Self = Self(Cow::Borrowed("data.updated"));
    /// A record was deleted.
    pub const DATA_DELETED: Self = Self(Cow::Borrowed("data.deleted"));
}

impl EventType {
    /// Creates a type. Returns `None` if the text is not a valid type.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_part = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        (text.len() <= MAX_TYPE && text.split('.').all(is_part))
            .then(|| Self(Cow::Owned(text.to_owned())))
    }

    /// Returns the type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if only the service publishes events of this type: `plugin.*`, `system.*` and
    /// `config.*`.
    pub(crate) fn is_reserved(&self) -> bool {
        let (first, _) = self.0.split_once('.').unwrap_or((&self.0, ""));
        matches!(first, "plugin" | "system" | "config")
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The error of a text that is not a valid [`EventType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid event type: use parts of a-z, 0-9 and '_', separated by '.'")]
pub struct InvalidEventType(String);

impl std::str::FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, InvalidEventType> {
        Self::new(text).ok_or_else(|| InvalidEventType(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for EventType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// An event.
///
/// ```
/// use seaworthy_plugins::{Event, EventType};
///
/// let event = Event::new(EventType::USER_LOGIN, "accounts").with_data("user", "u-7");
/// assert_eq!(event.kind().as_str(), "user.login");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: EventType,
    pub(crate) source: String,
    #[serde(rename = "timestamp")]
    pub(crate) time: DateTime<Utc>,
    pub(crate) data: Map<String, Value>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Event {
    /// Creates an event with a new ID and the current time. `source` names the publisher.
    #[must_use]
    pub fn new(kind: EventType, source: impl Into<String>) -> Self {
        Self {
            id: new_id().to_string(),
            kind,
            source: source.into(),
            time: Utc::now(),
            data: Map::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// Sets a field of the data.
    #[must_use]
    pub fn with_data(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.data.insert(name.into(), value.into());
        self
    }

    /// Sets a text of the metadata.
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), text.into());
        self
    }

    /// Returns the ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the type.
    #[must_use]
    pub fn kind(&self) -> &EventType {
        &self.kind
    }

    /// Returns the name of the publisher.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the time of the event.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        self.time
    }

    /// Returns the data.
    #[must_use]
    pub fn data(&self) -> &Map<String, Value> {
        &self.data
    }

    /// Returns the names and texts of the metadata.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_has_the_fields_of_the_contract_plug_1() {
        let event = Event::new(EventType::USER_LOGIN, "accounts")
            .with_data("user", "u-7")
            .with_metadata("tenant", "t-1");
        let shown = serde_json::to_value(&event).unwrap();
        let expected = serde_json::json!({
            "id": event.id(),
            "type": "user.login",
            "source": "accounts",
            "timestamp": shown["timestamp"],
            "data": { "user": "u-7" },
            "metadata": { "tenant": "t-1" },
        });
        assert_eq!(shown, expected);
        assert!(shown["timestamp"].is_string());
    }

    #[test]
    fn handlers_read_all_fields_of_an_event_plug_1() {
        let before = Utc::now();
        let event = Event::new(EventType::USER_LOGIN, "accounts")
            .with_data("user", "u-7")
            .with_metadata("tenant", "t-1");
        assert!((before..=Utc::now()).contains(&event.time()));
        assert!(!event.id().is_empty());
        assert_eq!(event.kind(), &EventType::USER_LOGIN);
        assert_eq!(event.source(), "accounts");
        assert_eq!(event.data().get("user"), Some(&"u-7".into()));
        assert_eq!(event.metadata().get("tenant").unwrap(), "t-1");
    }
}
