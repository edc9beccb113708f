use seaworthy::{cache::CacheConfig, prelude::*};
use tutoring_identity::BackendConfig;

/// A directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/student.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StudentConfig {
    /// The database, the broker and the access tokens.
    pub backend: BackendConfig,
    /// The cache of pages.
    pub cache: CacheConfig,
}

impl Default for StudentConfig {
    fn default() -> Self {
        Self {
            backend: BackendConfig::embedded(DEFAULT_FILE),
            cache: CacheConfig::default(),
        }
    }
}
