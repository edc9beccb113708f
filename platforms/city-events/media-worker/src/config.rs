use std::num::NonZeroU32;

use city_events_contract::embedded_broker;
use seaworthy::{
    data::DatabaseConfig,
    images::ImagesConfig,
    messaging::MessagingConfig,
    prelude::*,
    storage::{StorageConfig, StorageUrl},
    uploads::{ClamdConfig, UploadsConfig},
};

/// Default paths, in a folder that version control ignores. The media service uses the same ones.
const DEFAULT_FILE: &str = "data/city-events/media.db";
const DEFAULT_RAW_DIRECTORY: &str = "data/city-events/media/raw";
const DEFAULT_PUBLIC_DIRECTORY: &str = "data/city-events/media/public";
/// The default of `max_pixels`: the legacy worker accepted squares of 8000 by 8000 pixels.
const DEFAULT_MAX_PIXELS: NonZeroU32 = NonZeroU32::new(64_000_000).unwrap();
/// The default of `max_memory`: enough for one such square with transparency and its file.
const DEFAULT_MAX_MEMORY: ByteSize = ByteSize::mebibytes(288);

/// The settings of the worker.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MediaWorkerConfig {
    /// The database of uploads, which the media service shares.
    pub database: DatabaseConfig,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The storage of uploaded files.
    pub raw: StorageConfig,
    /// The storage of derived pictures.
    pub public: StorageConfig,
    /// Limits of uploads.
    pub uploads: UploadsConfig,
    /// Limits of pictures.
    pub images: ImagesConfig,
    /// The scanner for malware.
    pub clamd: ClamdConfig,
}

impl Default for MediaWorkerConfig {
    fn default() -> Self {
        let files = |path: &str| StorageConfig {
            url: StorageUrl::File(path.into()),
            ..StorageConfig::default()
        };
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            broker: embedded_broker(),
            raw: files(DEFAULT_RAW_DIRECTORY),
            public: files(DEFAULT_PUBLIC_DIRECTORY),
            uploads: UploadsConfig::default(),
            images: ImagesConfig {
                max_pixels: DEFAULT_MAX_PIXELS,
                max_memory: DEFAULT_MAX_MEMORY,
                ..ImagesConfig::default()
            },
            clamd: ClamdConfig::default(),
        }
    }
}
