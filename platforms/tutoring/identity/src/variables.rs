use seaworthy::config::LegacyVariable;

/// The environment names of the legacy services of accounts. A service whose settings are an
/// [`IdentityConfig`](crate::IdentityConfig) accepts them.
pub const LEGACY_VARIABLES: [LegacyVariable; 22] = [
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("TRUSTED_PROXIES", "server.http.trusted_proxies"),
    LegacyVariable::sets("POSTGRES_URL", "database.url"),
    LegacyVariable::rejected(
        "POSTGRES_SSL",
        "remove it: append sslmode=verify-full to the address of the database",
    ),
    LegacyVariable::sets("REDIS_URL", "redis.url"),
    LegacyVariable::sets("JWT_ACCESS_SECRET", "access_tokens.secret"),
    LegacyVariable::rejected(
        "JWT_REFRESH_SECRET",
        "remove it: refresh tokens are random, and the database has their hashes",
    ),
    LegacyVariable::sets("JWT_ACCESS_EXPIRES_IN", "access_tokens.lifetime"),
    LegacyVariable::sets("JWT_REFRESH_EXPIRES_IN", "sessions.idle_timeout"),
    LegacyVariable::sets("JWT_ISSUER", "access_tokens.issuer"),
    LegacyVariable::sets("JWT_AUDIENCE", "access_tokens.audience"),
    LegacyVariable::sets(
        "ACCOUNT_LOCKOUT_MAX_ATTEMPTS",
        "lockout.account.max_failures",
    ),
    LegacyVariable::rejected(
        "ACCOUNT_LOCKOUT_DURATION",
        "set lockout.account.initial_backoff and lockout.account.max_backoff",
    ),
    LegacyVariable::sets("OTP_PEPPER", "codes.pepper"),
    LegacyVariable::rejected("SMTP_HOST", "set mail.url and mail.from"),
    LegacyVariable::rejected("SMTP_USER", "write the user into mail.url"),
    LegacyVariable::sets("SMTP_PASS", "mail.password"),
    LegacyVariable::sets("SMTP_FROM", "mail.from"),
    LegacyVariable::sets("MSG91_AUTH_KEY", "sms.auth_key"),
    LegacyVariable::sets("MSG91_TEMPLATE_ID", "sms.template_id"),
    LegacyVariable::sets("ENABLE_UNVERIFIED_CLEANUP", "unverified_cleanup"),
];
