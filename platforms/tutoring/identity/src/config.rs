use std::num::NonZeroU32;

use seaworthy::{
    account::{LockoutConfig, OneTimeCodesConfig, SessionConfig},
    auth::{oidc::OpenIdClientConfig, password::PasswordsConfig},
    captcha::SmsConfig,
    data::DatabaseConfig,
    mail::MailConfig,
    messaging::MessagingConfig,
    operation_log::OperationLogConfig,
    outbox::OutboxConfig,
    prelude::*,
    redis::RedisConfig,
    resilience::rate_limit::RouteLimit,
};
use tutoring_contract::AccessTokenConfig;

use crate::{
    backend::{embedded_broker, embedded_database},
    defaults::{default_lockout, default_sessions},
};

/// The default database file, in a directory that version control ignores.
const DEFAULT_FILE: &str = "data/tutoring/accounts.db";
const QUARTER_HOUR: Timeout = Timeout::from_secs(15 * 60);
const HOUR: Timeout = Timeout::from_secs(60 * 60);
/// The default number of failures per IP address, which the users of a school share.
const DEFAULT_MAX_FAILURES_OF_IP: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// Users mistype a password a few times, and guesses stay rare.
const DEFAULT_LOGIN_LIMIT: RouteLimit = RouteLimit::new(5, QUARTER_HOUR);
/// The default number of registrations and requested codes per hour from one address, which a
/// school may share.
const DEFAULT_CODES_PER_ADDRESS: u32 = 50;
/// The default age at which unverified accounts are deleted. A user may verify the next day.
const DEFAULT_UNVERIFIED_TTL: Timeout = Timeout::from_secs(24 * 60 * 60);
/// The issuer of the ID tokens of Google.
const DEFAULT_GOOGLE_ISSUER: &str = "https://accounts.google.com";

/// The settings of a service of accounts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// The database of accounts, and of messages until they are published.
    pub database: DatabaseConfig,
    /// The Redis of active sessions, refresh locks and rate limits. Without it, a replica has its
    /// own.
    pub redis: Option<RedisConfig>,
    /// The message broker.
    pub broker: MessagingConfig,
    /// The publication of messages.
    pub outbox: OutboxConfig,
    /// The log of unsafe calls.
    pub operation_log: OperationLogConfig,
    /// The secret and the lifetime of access tokens. All services share the secret.
    pub access_tokens: AccessTokenConfig,
    /// Refresh tokens and their families.
    pub sessions: SessionConfig,
    /// Password hashing.
    pub passwords: PasswordsConfig,
    /// Locks after failed logins.
    pub lockout: LockoutConfig,
    /// One-time codes.
    pub codes: OneTimeCodesConfig,
    /// E-mail.
    pub mail: MailConfig,
    /// Messages to telephones.
    pub sms: SmsConfig,
    /// Logins by Google.
    pub google: OpenIdClientConfig,
    /// Rate limits of the routes.
    pub limits: IdentityLimitsConfig,
    /// Whether unverified accounts are deleted.
    pub unverified_cleanup: bool,
    /// The age at which an unverified account is deleted.
    pub unverified_ttl: Timeout,
}

/// Rate limits of the routes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct IdentityLimitsConfig {
    /// Whether these limits are enforced. The limits of codes and the lockout always are.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can try accounts at the rate of the listener",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Logins, registrations and new passwords of one account from one address.
    pub login: RouteLimit,
    /// Registrations and requested codes from one address. The limits of codes apply to each
    /// account and number.
    pub code_request: RouteLimit,
    /// Entered codes of one account.
    pub code_verify: RouteLimit,
}

/// The rate limit of logins of one account from one address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-reloadable" = true))]
pub struct LoginLimitConfig {
    /// Whether this limit is enforced. The lockout always is.
    #[schemars(extend("x-unsafe" = [{
        "id": "RES-6",
        "value": false,
        "why": "one client can try passwords at the rate of the listener",
        "fix": "set it to true and choose limits"
    }]))]
    pub enabled: bool,
    /// Logins of one account from one address.
    pub login: RouteLimit,
}

impl Default for LoginLimitConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            login: DEFAULT_LOGIN_LIMIT,
        }
    }
}

impl Default for IdentityLimitsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            login: DEFAULT_LOGIN_LIMIT,
            code_request: RouteLimit::new(DEFAULT_CODES_PER_ADDRESS, HOUR),
            code_verify: RouteLimit::new(10, QUARTER_HOUR),
        }
    }
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            database: embedded_database(DEFAULT_FILE),
            redis: None,
            broker: embedded_broker(),
            outbox: OutboxConfig::default(),
            operation_log: OperationLogConfig::default(),
            access_tokens: AccessTokenConfig::default(),
            sessions: default_sessions(),
            passwords: PasswordsConfig::default(),
            lockout: default_lockout(DEFAULT_MAX_FAILURES_OF_IP),
            codes: OneTimeCodesConfig::default(),
            mail: MailConfig::default(),
            sms: SmsConfig::default(),
            google: OpenIdClientConfig {
                issuer: DEFAULT_GOOGLE_ISSUER.to_owned(),
                ..OpenIdClientConfig::default()
            },
            limits: IdentityLimitsConfig::default(),
            unverified_cleanup: true,
            unverified_ttl: DEFAULT_UNVERIFIED_TTL,
        }
    }
}
