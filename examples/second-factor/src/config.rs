use seaworthy::{
    account::{LockoutConfig, SecondFactorConfig, SessionConfig},
    audit_log::AuditLogConfig,
    auth::password::PasswordsConfig,
    data::DatabaseConfig,
    prelude::*,
};

/// The default SQLite file, in a folder that `.gitignore` excludes.
const DEFAULT_FILE: &str = "data/second-factor.db";
/// The default of `code_timeout`: enough to find a telephone or a page of recovery codes.
const DEFAULT_CODE_TIMEOUT: Timeout = Timeout::from_secs(5 * 60);

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecondFactorSettings {
    /// Database of users.
    pub(crate) database: DatabaseConfig,
    /// Hashing of passwords.
    pub(crate) passwords: PasswordsConfig,
    /// Limits of wrong passwords.
    pub(crate) lockout: LockoutConfig,
    /// Limits of wrong codes.
    pub(crate) second_factors: SecondFactorConfig,
    /// Maximum time between the password and the code of a login.
    pub(crate) code_timeout: Timeout,
    /// Lifetime of sessions.
    pub(crate) sessions: SessionConfig,
    /// Audit log.
    pub(crate) audit_log: AuditLogConfig,
    /// Key that encrypts the secrets of second factors: 32 bytes in base64. `second-factor
    /// encryption new-key` creates one.
    #[serde(skip_serializing)]
    pub(crate) encryption_key: Option<Secret<String>>,
}

impl Default for SecondFactorSettings {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::embedded(DEFAULT_FILE),
            passwords: PasswordsConfig::default(),
            lockout: LockoutConfig::default(),
            second_factors: SecondFactorConfig::default(),
            code_timeout: DEFAULT_CODE_TIMEOUT,
            sessions: SessionConfig::default(),
            audit_log: AuditLogConfig::default(),
            encryption_key: None,
        }
    }
}
