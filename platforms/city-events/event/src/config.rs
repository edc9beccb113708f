use std::num::{NonZeroU32, NonZeroU64};

use city_events_contract::{AccessConfig, PUBLIC_METRICS, RevocationConfig, embedded_broker};
use seaworthy::{
    audit_log::AuditLogConfig,
    csv::{CsvReaderConfig, ImportConfig},
    data::DatabaseConfig,
    messaging::MessagingConfig,
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
};

/// Default SQLite file. Version control ignores its directory.
const DEFAULT_FILE: &str = "data/city-events/event.db";

/// Maximum size of an import in a call, as the contract requires.
const DEFAULT_MAX_IMPORT_SIZE: ByteSize = ByteSize::mebibytes(1);
/// The default maximum number of events of an import, more than an organizer holds in a year.
const DEFAULT_MAX_IMPORTED_EVENTS: NonZeroU64 = NonZeroU64::new(5_000).unwrap();
/// The default of `max_published_per_day`: more events than an organizer publishes on a day.
const DEFAULT_MAX_PUBLISHED_PER_DAY: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// The default batch size of an import. An event needs several statements.
const DEFAULT_IMPORT_BATCH_SIZE: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// Settings of the event service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EventConfig {
    /// Database of the service.
    pub database: DatabaseConfig,
    /// Message broker.
    pub broker: MessagingConfig,
    /// Outbox of published messages and inbox of consumed messages.
    pub outbox: OutboxConfig,
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// Acceptance of access tokens while the list of revoked tokens cannot be read.
    pub revocation: RevocationConfig,
    /// Audit log of created, changed, published, unpublished and canceled events.
    pub audit_log: AuditLogConfig,
    /// The log of calls that change something.
    pub operation_log: OperationLogConfig,
    /// Imports of events from CSV files.
    pub imports: ImportConfig,
    /// Maximum number of events that one organizer publishes in 24 hours, if imports publish some
    /// of them. Drafts do not count.
    pub max_published_per_day: NonZeroU32,
    /// Path that serves metrics on the HTTP listener, for scrapers of the legacy service. If it is
    /// not set, only the admin listener serves metrics.
    pub public_metrics: Option<String>,
}

impl Default for EventConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: MessagingConfig {
                // Messages wait in the outbox during an outage, so requests still succeed.
                critical: false,
                ..embedded_broker()
            },
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            revocation: RevocationConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            imports: ImportConfig {
                file: CsvReaderConfig {
                    max_size: DEFAULT_MAX_IMPORT_SIZE,
                    max_rows: DEFAULT_MAX_IMPORTED_EVENTS,
                    ..CsvReaderConfig::default()
                },
                batch_size: DEFAULT_IMPORT_BATCH_SIZE,
                ..ImportConfig::default()
            },
            max_published_per_day: DEFAULT_MAX_PUBLISHED_PER_DAY,
            public_metrics: Some(PUBLIC_METRICS.to_owned()),
        }
    }
}
