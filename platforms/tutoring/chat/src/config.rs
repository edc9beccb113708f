use seaworthy::{
    audit_log::AuditLogConfig,
    crypto::DataKeysConfig,
    operation_log::OperationLogConfig,
    prelude::*,
    storage::{StorageConfig, StorageUrl},
};
use tutoring_identity::BackendConfig;

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/chat.db";
const DEFAULT_ATTACHMENTS_DIRECTORY: &str = "data/tutoring/attachments";
/// The signed URLs of the file storage.
pub(crate) const DEFAULT_SIGNED_URL: &str = "http://127.0.0.1:3008/attachments";
/// The default of `max_attachment_size`: a minute of video of a telephone fits.
const DEFAULT_MAX_ATTACHMENT_SIZE: ByteSize = ByteSize::mebibytes(50);

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChatConfig {
    /// The database, the broker and the access tokens.
    pub backend: BackendConfig,
    /// The audit log of administrators who reply to doubts, or change and reassign them.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The keys that encrypt texts. `kms.seed` and `kms.salt` are required.
    pub kms: DataKeysConfig,
    /// The storage of attachments. Users send files to it by signed URLs.
    pub attachments: StorageConfig,
    /// The maximum size of an attachment.
    pub max_attachment_size: ByteSize,
    /// Whether questions and replies of doubts may contain telephone numbers, e-mail addresses and
    /// profiles of social networks.
    pub allow_contact_data: bool,
}

impl Default for ChatConfig {
    fn default() -> Self {
        Self {
            backend: BackendConfig::embedded(DEFAULT_FILE),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            kms: DataKeysConfig::default(),
            attachments: StorageConfig {
                url: StorageUrl::File(DEFAULT_ATTACHMENTS_DIRECTORY.into()),
                public_url: DEFAULT_SIGNED_URL.parse().ok(),
                ..StorageConfig::default()
            },
            max_attachment_size: DEFAULT_MAX_ATTACHMENT_SIZE,
            allow_contact_data: false,
        }
    }
}
