use seaworthy::{
    audit_log::AuditLogConfig, cache::CacheConfig, operation_log::OperationLogConfig, prelude::*,
};
use tutoring_identity::BackendConfig;

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/student.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StudentConfig {
    /// The database, the broker and the access tokens.
    pub backend: BackendConfig,
    /// The audit log of profiles that administrators change.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The cache of pages.
    pub cache: CacheConfig,
}

impl Default for StudentConfig {
    fn default() -> Self {
        Self {
            backend: BackendConfig::embedded(DEFAULT_FILE),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            cache: CacheConfig {
                // No prefix: the keys equal those of the legacy service, such as `student:home:ID`.
                prefix: Some(String::new()),
                ..CacheConfig::default()
            },
        }
    }
}
