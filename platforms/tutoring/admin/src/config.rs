use std::num::NonZeroU32;

use seaworthy::{
    account::{LockoutConfig, SecondFactorConfig, SessionConfig},
    audit_log::AuditLogConfig,
    auth::password::PasswordsConfig,
    data::DatabaseConfig,
    operation_log::OperationLogConfig,
    prelude::*,
    redis::RedisConfig,
};
use tutoring_contract::AccessTokenConfig;
use tutoring_identity::{LoginLimitConfig, default_lockout, default_sessions, embedded_database};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/admin.db";
/// The name of the platform in authenticator applications.
const DEFAULT_ISSUER: &str = "Tutoring";
/// The default number of failures per IP address, which the admins of an office share.
const DEFAULT_MAX_FAILURES_OF_IP: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// The database of admins.
    pub database: DatabaseConfig,
    /// The Redis of active sessions that all services share. Without it, each process has its own.
    pub redis: Option<RedisConfig>,
    /// Access tokens.
    pub access_tokens: AccessTokenConfig,
    /// Sessions and refresh tokens.
    pub sessions: SessionConfig,
    /// Password hashing.
    pub passwords: PasswordsConfig,
    /// Waits after failed logins.
    pub lockout: LockoutConfig,
    /// The rate limit of logins, in `redis` if it is set.
    pub limits: LoginLimitConfig,
    /// Second factors of admins.
    pub totp: TotpConfig,
    /// The audit log.
    pub audit_log: AuditLogConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// Whether the start creates the super admin `admin@example.org` in an empty database, with a
    /// public password. The profile `production` rejects it.
    pub seed: bool,
}

/// Second factors of admins.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TotpConfig {
    /// The secret that encrypts the secrets of authenticator applications, at least 32 bytes.
    /// Required. Without it, second factors cannot be checked.
    #[serde(skip_serializing)]
    #[schemars(extend("x-signing-key" = true))]
    pub secret: Option<Secret<String>>,
    /// The name that authenticator applications show.
    pub issuer: String,
    /// Limits of wrong codes.
    pub limits: SecondFactorConfig,
}

impl Default for TotpConfig {
    fn default() -> Self {
        Self {
            secret: None,
            issuer: DEFAULT_ISSUER.to_owned(),
            limits: SecondFactorConfig::default(),
        }
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            database: embedded_database(DEFAULT_FILE),
            redis: None,
            access_tokens: AccessTokenConfig::default(),
            sessions: default_sessions(),
            passwords: PasswordsConfig::default(),
            lockout: default_lockout(DEFAULT_MAX_FAILURES_OF_IP),
            limits: LoginLimitConfig::default(),
            totp: TotpConfig::default(),
            audit_log: AuditLogConfig::default(),
            operation_log: OperationLogConfig::default(),
            seed: false,
        }
    }
}
