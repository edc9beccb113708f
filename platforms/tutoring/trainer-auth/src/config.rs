use seaworthy::{
    audit_log::AuditLogConfig,
    outbox::InboxConfig,
    prelude::*,
    storage::{StorageConfig, StorageUrl},
};
use tutoring_contract::PlatformZone;
use tutoring_identity::{IdentityConfig, embedded_database};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/trainer-auth.db";
const DEFAULT_DOCUMENTS_DIRECTORY: &str = "data/tutoring/documents";
/// The signed URLs of the file storage.
pub(crate) const DEFAULT_SIGNED_URL: &str = "http://127.0.0.1:3002/documents";
/// The default of `max_document_size`: a scan of several pages fits.
const DEFAULT_MAX_DOCUMENT_SIZE: ByteSize = ByteSize::mebibytes(10);

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerAuthConfig {
    /// Accounts, and the database and the broker of the service.
    pub identity: IdentityConfig,
    /// The inbox of messages about courses.
    pub inbox: InboxConfig,
    /// The audit log of decisions.
    pub audit_log: AuditLogConfig,
    /// The storage of documents. Trainers send files to it by signed URLs.
    pub documents: StorageConfig,
    /// The maximum size of a document.
    pub max_document_size: ByteSize,
    /// The time zone of dates, such as the age of a trainer.
    pub time_zone: PlatformZone,
}

impl Default for TrainerAuthConfig {
    fn default() -> Self {
        Self {
            identity: IdentityConfig {
                database: embedded_database(DEFAULT_FILE),
                ..IdentityConfig::default()
            },
            inbox: InboxConfig::default(),
            audit_log: AuditLogConfig::default(),
            documents: StorageConfig {
                url: StorageUrl::File(DEFAULT_DOCUMENTS_DIRECTORY.into()),
                public_url: DEFAULT_SIGNED_URL.parse().ok(),
                ..StorageConfig::default()
            },
            max_document_size: DEFAULT_MAX_DOCUMENT_SIZE,
            time_zone: PlatformZone::default(),
        }
    }
}
