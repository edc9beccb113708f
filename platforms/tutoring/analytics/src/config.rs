use std::{num::NonZeroU16, time::Duration};

use seaworthy::{
    data::DatabaseConfig, messaging::MessagingConfig, operation_log::OperationLogConfig,
    outbox::InboxConfig, prelude::*, redis::RedisConfig,
};
use tutoring_contract::{AccessTokenConfig, PlatformZone};
use tutoring_identity::{embedded_broker, embedded_database};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/analytics.db";
/// The default retention: a year, and a month before it for comparison.
const DEFAULT_RETENTION_DAYS: NonZeroU16 = NonZeroU16::new(400).unwrap();
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyticsConfig {
    /// The database of events.
    pub database: DatabaseConfig,
    /// The broker of business events.
    pub broker: MessagingConfig,
    /// The record of handled messages.
    pub inbox: InboxConfig,
    /// The Redis of active sessions. Without it, a token is valid until it expires.
    pub redis: Option<RedisConfig>,
    /// The secret of access tokens. All services share it.
    pub access_tokens: AccessTokenConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The time zone of days and weeks in trends, an IANA name.
    pub time_zone: PlatformZone,
    /// The retention of events in days.
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: NonZeroU16,
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self {
            database: embedded_database(DEFAULT_FILE),
            broker: embedded_broker(),
            inbox: InboxConfig::default(),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            operation_log: OperationLogConfig::default(),
            time_zone: PlatformZone::default(),
            retention_days: DEFAULT_RETENTION_DAYS,
        }
    }
}

impl AnalyticsConfig {
    pub(crate) fn retention(&self) -> Duration {
        Duration::from_secs(u64::from(self.retention_days.get()) * SECONDS_PER_DAY)
    }
}
