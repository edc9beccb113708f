use city_events_contract::{AccessConfig, embedded_broker};
use seaworthy::{
    data::DatabaseConfig,
    messaging::MessagingConfig,
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
    storage::{StorageConfig, StorageUrl},
    uploads::UploadsConfig,
};

/// Default paths, in a folder that version control ignores. The media worker uses the same ones.
const DEFAULT_FILE: &str = "data/city-events/media.db";
const DEFAULT_RAW_DIRECTORY: &str = "data/city-events/media/raw";
const DEFAULT_PUBLIC_DIRECTORY: &str = "data/city-events/media/public";
/// The default of `pictures_url`: this service on the same machine.
const DEFAULT_URL: &str = "http://127.0.0.1:8085";
/// The default base of the signed URLs of the file storage.
const DEFAULT_SIGNED_URL: &str = "http://127.0.0.1:8085/media/files";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MediaConfig {
    /// The database of uploads, which the worker shares.
    pub database: DatabaseConfig,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The outbox and the inbox.
    pub outbox: OutboxConfig,
    /// Verification of access tokens.
    pub jwt: AccessConfig,
    /// The storage of uploaded files. Browsers send files to it by signed URLs.
    pub raw: StorageConfig,
    /// The storage of derived pictures, which this service serves. It need not be public.
    pub public: StorageConfig,
    /// Limits of uploads.
    pub uploads: UploadsConfig,
    /// The log of calls that change something.
    pub operation_log: OperationLogConfig,
    /// The base URL of derived pictures: this service, or a CDN in front of it.
    #[schemars(url, extend("x-browser-address" = true))]
    pub pictures_url: String,
}

impl Default for MediaConfig {
    fn default() -> Self {
        let files = |path: &str| StorageConfig {
            url: StorageUrl::File(path.into()),
            ..StorageConfig::default()
        };
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: embedded_broker(),
            outbox: OutboxConfig::default(),
            jwt: AccessConfig::default(),
            raw: StorageConfig {
                public_url: DEFAULT_SIGNED_URL.parse().ok(),
                ..files(DEFAULT_RAW_DIRECTORY)
            },
            public: files(DEFAULT_PUBLIC_DIRECTORY),
            uploads: UploadsConfig {
                // Clients of the legacy service send only the purpose.
                allow_unenforced_max_size: true,
                ..UploadsConfig::default()
            },
            operation_log: OperationLogConfig::default(),
            pictures_url: DEFAULT_URL.to_owned(),
        }
    }
}
