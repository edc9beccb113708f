use seaworthy::{
    account::{LockoutConfig, SecondFactorConfig, SessionConfig},
    audit_log::AuditLogConfig,
    auth::password::PasswordsConfig,
    data::DatabaseConfig,
    prelude::*,
};

/// A folder that version control leaves out.
const DEFAULT_FILE: &str = "data/second-factor.db";
/// Whoever has typed a password has the telephone at hand, or looks for a page of recovery codes.
const DEFAULT_CODE_WITHIN: Timeout = Timeout::from_secs(5 * 60);

/// The settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecondFactorSettings {
    /// Where users are kept.
    pub(crate) database: DatabaseConfig,
    /// How passwords are hashed.
    pub(crate) passwords: PasswordsConfig,
    /// When wrong passwords have to wait.
    pub(crate) lockout: LockoutConfig,
    /// When wrong codes have to wait.
    pub(crate) second_factors: SecondFactorConfig,
    /// How long after the password a login may wait for its code.
    pub(crate) code_within: Timeout,
    /// How long sessions last.
    pub(crate) sessions: SessionConfig,
    /// Who did what.
    pub(crate) audit_log: AuditLogConfig,
    /// What the secrets of second factors are encrypted with: 32 bytes in base64, such as `second-factor encryption new-key` prints.
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
            code_within: DEFAULT_CODE_WITHIN,
            sessions: SessionConfig::default(),
            audit_log: AuditLogConfig::default(),
            encryption_key: None,
        }
    }
}
