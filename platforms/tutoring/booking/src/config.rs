use seaworthy::{
    audit_log::AuditLogConfig, data::DatabaseConfig, operation_log::OperationLogConfig, prelude::*,
    redis::RedisConfig,
};
use tutoring_contract::{AccessTokenConfig, ServiceTokenConfig};

/// A directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/booking.db";

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BookingConfig {
    /// The database of prices and coupons.
    pub database: DatabaseConfig,
    /// The Redis of live sessions, which all services share.
    pub redis: Option<RedisConfig>,
    /// Access tokens of users.
    pub access_tokens: AccessTokenConfig,
    /// Tokens of other services.
    pub service_tokens: ServiceTokenConfig,
    /// The audit log of changes by administrators.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
}

impl Default for BookingConfig {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            service_tokens: ServiceTokenConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig {
                enabled: true,
                ..OperationLogConfig::default()
            },
        }
    }
}
