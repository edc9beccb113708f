use seaworthy::{audit_log::AuditLogConfig, operation_log::OperationLogConfig, prelude::*};
use tutoring_contract::PlatformZone;
use tutoring_identity::BackendConfig;

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/trainer.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// The database, the broker and the access tokens.
    pub backend: BackendConfig,
    /// The time zone of the days of payroll, an IANA name.
    pub time_zone: PlatformZone,
    /// The audit log of profiles that administrators change.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The secret that encrypts bank details, at least 32 bytes. Required. Without it, stored bank
    /// details are lost.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub bank_details_key: Option<Secret<String>>,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            backend: BackendConfig::embedded(DEFAULT_FILE),
            time_zone: PlatformZone::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            bank_details_key: None,
        }
    }
}
