use seaworthy::config::{Conversion, LegacyVariable};

/// The environment names that all legacy services have, for settings with stores and access tokens
/// under a prefix.
macro_rules! shared_variables {
    ($prefix:literal, [$($more:expr),* $(,)?]) => {
        [
            LegacyVariable::profile("APP_ENV"),
            LegacyVariable::sets("LOG_LEVEL", "log.level"),
            LegacyVariable::sets("TRUSTED_PROXIES", "server.http.trusted_proxies"),
            LegacyVariable::sets("POSTGRES_URL", concat!($prefix, "database.url")),
            LegacyVariable::rejected(
                "POSTGRES_SSL",
                "remove it: append sslmode=verify-full to the address of the database",
            ),
            LegacyVariable::rejected(
                "DB_STATEMENT_TIMEOUT",
                concat!("set ", $prefix, "database.statement_timeout, such as 30s"),
            ),
            LegacyVariable::sets("REDIS_URL", concat!($prefix, "redis.url")),
            LegacyVariable::sets(
                "JWT_ACCESS_SECRET",
                concat!($prefix, "access_tokens.secret"),
            ),
            LegacyVariable::sets("JWT_ISSUER", concat!($prefix, "access_tokens.issuer")),
            LegacyVariable::sets("JWT_AUDIENCE", concat!($prefix, "access_tokens.audience")),
            $($more,)*
        ]
    };
}

/// The environment names of the broker.
macro_rules! broker_variables {
    ($prefix:literal, [$($more:expr),* $(,)?]) => {
        shared_variables!(
            $prefix,
            [
                LegacyVariable::rejected(
                    "KAFKA_BROKERS",
                    concat!("set ", $prefix, "broker.url to kafka://HOST:PORT"),
                ),
                LegacyVariable::rejected("KAFKA_CLIENT_ID", "remove it: the service has its own"),
                LegacyVariable::rejected("KAFKA_GROUP_ID", "remove it: groups have fixed names"),
                $($more,)*
            ]
        )
    };
}

/// The environment names of the legacy services of accounts, for settings that contain an
/// [`IdentityConfig`](crate::IdentityConfig) under a prefix.
macro_rules! legacy_variables {
    ($prefix:literal, $port:literal) => {
        broker_variables!(
            $prefix,
            [
                LegacyVariable::rejected(
                    "JWT_REFRESH_SECRET",
                    "remove it: refresh tokens are random, and the database has their hashes",
                ),
                LegacyVariable::sets(
                    "JWT_ACCESS_EXPIRES_IN",
                    concat!($prefix, "access_tokens.lifetime"),
                ),
                LegacyVariable::sets(
                    "JWT_REFRESH_EXPIRES_IN",
                    concat!($prefix, "sessions.idle_timeout"),
                ),
                LegacyVariable::sets(
                    "ACCOUNT_LOCKOUT_MAX_ATTEMPTS",
                    concat!($prefix, "lockout.account.max_failures"),
                ),
                LegacyVariable::rejected(
                    "ACCOUNT_LOCKOUT_DURATION",
                    "set lockout.account.initial_backoff and lockout.account.max_backoff",
                ),
                LegacyVariable::sets("OTP_PEPPER", concat!($prefix, "codes.pepper")),
                LegacyVariable::rejected("SMTP_HOST", "set mail.url and mail.from"),
                LegacyVariable::rejected("SMTP_USER", "write the user into mail.url"),
                LegacyVariable::sets("SMTP_PASS", concat!($prefix, "mail.password")),
                LegacyVariable::sets("SMTP_FROM", concat!($prefix, "mail.from")),
                LegacyVariable::sets("MSG91_AUTH_KEY", concat!($prefix, "sms.auth_key")),
                LegacyVariable::sets("MSG91_TEMPLATE_ID", concat!($prefix, "sms.template_id")),
                LegacyVariable::sets("GOOGLE_CLIENT_ID", concat!($prefix, "google.client_ids")),
                LegacyVariable::sets("GOOGLE_CLIENT_IDS", concat!($prefix, "google.client_ids")),
                LegacyVariable::sets(
                    "GOOGLE_CLIENT_SECRET",
                    concat!($prefix, "google.client_secret"),
                ),
                LegacyVariable::sets(
                    "GOOGLE_REDIRECT_URIS",
                    concat!($prefix, "google.redirect_uris"),
                ),
                LegacyVariable::sets(
                    "ENABLE_UNVERIFIED_CLEANUP",
                    concat!($prefix, "unverified_cleanup"),
                ),
                LegacyVariable::accepts(
                    "ENABLE_REFRESH_TOKEN_CLEANUP",
                    &["true"],
                    "remove it: old refresh tokens are always removed",
                ),
                LegacyVariable::rejected("EMAIL_OTP_SUBJECT", "remove it: the subject is fixed"),
                LegacyVariable::rejected("SMTP_PORT", "write the port into mail.url"),
                LegacyVariable::converted($port, "server.http.addr", Conversion::Port),
            ]
        )
    };
}

/// The environment names of the legacy service of students' accounts, whose settings are an
/// [`IdentityConfig`](crate::IdentityConfig).
pub const LEGACY_VARIABLES: [LegacyVariable; 34] =
    legacy_variables!("", "STUDENT_AUTH_SERVICE_PORT");

/// The environment names for settings that contain an [`IdentityConfig`](crate::IdentityConfig) as
/// `identity`.
pub const TRAINER_LEGACY_VARIABLES: [LegacyVariable; 34] =
    legacy_variables!("identity.", "TRAINER_AUTH_SERVICE_PORT");

/// The environment names of legacy services whose settings contain a
/// [`BackendConfig`](crate::BackendConfig) as `backend`.
pub const BACKEND_VARIABLES: [LegacyVariable; 13] = broker_variables!("backend.", []);

/// The environment names of legacy services with their own settings of stores and tokens.
pub const STORE_VARIABLES: [LegacyVariable; 13] = broker_variables!("", []);

/// The environment names of legacy services without a broker.
pub const DATABASE_VARIABLES: [LegacyVariable; 10] = shared_variables!("", []);
