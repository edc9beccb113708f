use seaworthy::{
    audit_log::AuditLogConfig,
    data::DatabaseConfig,
    messaging::MessagingConfig,
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
    redis::RedisConfig,
    storage::{StorageConfig, StorageUrl},
};
use tutoring_contract::{AccessTokenConfig, PlatformZone, ServiceTokenConfig};
use tutoring_identity::{embedded_broker, embedded_database};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/course.db";
const DEFAULT_MEDIA_DIRECTORY: &str = "data/tutoring/media";
/// The signed URLs of the file storage.
pub(crate) const DEFAULT_SIGNED_URL: &str = "http://127.0.0.1:3005/media";
/// The page of the platform that shows certificates.
const DEFAULT_CERTIFICATES_URL: &str = "http://127.0.0.1:3000/certificates";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CourseConfig {
    /// The database of courses and purchases.
    pub database: DatabaseConfig,
    /// The broker of events.
    pub broker: MessagingConfig,
    /// The outbox and the inbox of events.
    pub outbox: OutboxConfig,
    /// The Redis of active sessions, which all services share.
    pub redis: Option<RedisConfig>,
    /// Access tokens of users.
    pub access_tokens: AccessTokenConfig,
    /// Tokens of other services.
    pub service_tokens: ServiceTokenConfig,
    /// The storage of videos, documents and pictures. Users send files to it by signed URLs.
    pub media: StorageConfig,
    /// The audit log of changes by administrators.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The time zone of dates, such as that of a completion.
    pub time_zone: PlatformZone,
    /// The URL before the number of a certificate.
    #[schemars(extend("x-browser-address" = true))]
    pub certificate_url: String,
    /// Whether the start creates a published sample course in an empty catalogue.
    pub seed: bool,
}

impl Default for CourseConfig {
    fn default() -> Self {
        Self {
            database: embedded_database(DEFAULT_FILE),
            broker: embedded_broker(),
            outbox: OutboxConfig::default(),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            service_tokens: ServiceTokenConfig::default(),
            media: StorageConfig {
                url: StorageUrl::File(DEFAULT_MEDIA_DIRECTORY.into()),
                public_url: DEFAULT_SIGNED_URL.parse().ok(),
                ..StorageConfig::default()
            },
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::enabled(),
            time_zone: PlatformZone::default(),
            certificate_url: DEFAULT_CERTIFICATES_URL.to_owned(),
            seed: false,
        }
    }
}
