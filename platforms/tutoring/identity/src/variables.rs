//! The environment names of the legacy services.
//!
//! Each name sets a setting, or the service logs that it ignores the name. A start fails only for
//! values that the service does not support, such as an unknown mode of TLS.

use seaworthy::config::{Conversion, LegacyVariable, UrlChange};

/// The parameter `sslmode` of PostgreSQL.
const fn ssl_mode(value: &'static str) -> UrlChange {
    UrlChange::Parameter {
        scheme: "postgres",
        name: "sslmode",
        value,
    }
}

/// The values of `POSTGRES_SSL`.
const SSL_MODES: &[(&str, UrlChange)] = &[
    ("true", ssl_mode("verify-full")),
    ("verify-full", ssl_mode("verify-full")),
    ("verify-ca", ssl_mode("verify-ca")),
    ("require", ssl_mode("require")),
    ("disable", ssl_mode("disable")),
    ("false", ssl_mode("disable")),
];

const KAFKA_TLS: UrlChange = UrlChange::Scheme {
    from: "kafka",
    to: "kafkas",
};
const KAFKA_PLAINTEXT: UrlChange = UrlChange::Scheme {
    from: "kafka",
    to: "kafka",
};

/// The values of `KAFKA_SECURITY`, as in the property `security.protocol` of Kafka.
const KAFKA_SECURITY: &[(&str, UrlChange)] = &[
    ("PLAINTEXT", KAFKA_PLAINTEXT),
    ("SASL_PLAINTEXT", KAFKA_PLAINTEXT),
    ("SSL", KAFKA_TLS),
    ("SASL_SSL", KAFKA_TLS),
    ("plaintext", KAFKA_PLAINTEXT),
    ("sasl_plaintext", KAFKA_PLAINTEXT),
    ("ssl", KAFKA_TLS),
    ("sasl_ssl", KAFKA_TLS),
];

/// Declares lists of variables for settings under a prefix. The parts are those of the settings of
/// a service.
macro_rules! variables {
    ([$($part:ident)*] $prefix:literal) => {
        variables!(@ [$($part)*] $prefix)
    };
    (@ [] $prefix:literal $($done:expr,)*) => {
        &[$($done,)*]
    };
    // All services.
    (@ [common $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::profile("APP_ENV"),
            LegacyVariable::sets("LOG_LEVEL", "log.level"),
            LegacyVariable::sets("TRUSTED_PROXIES", "server.http.trusted_proxies"),
            LegacyVariable::sets("REDIS_URL", concat!($prefix, "redis.url")),
            LegacyVariable::sets("JWT_ACCESS_SECRET", concat!($prefix, "access_tokens.secret")),
            LegacyVariable::sets("JWT_ISSUER", concat!($prefix, "access_tokens.issuer")),
            LegacyVariable::sets("JWT_AUDIENCE", concat!($prefix, "access_tokens.audience")),
            LegacyVariable::ignored("SERVICE_NAME", "remove it: the name of a service is fixed"),
            LegacyVariable::ignored(
                "INSTANCE_ID",
                "remove it: each process creates the ID of its instance",
            ),
            LegacyVariable::ignored(
                "RATE_LIMIT_*",
                "set server.http.rate_limit, and limits of the gateway and of the services",
            ),
        )
    };
    // Services with a database.
    (@ [database $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::sets("POSTGRES_URL", concat!($prefix, "database.url")),
            LegacyVariable::changes_url(
                "POSTGRES_SSL",
                concat!($prefix, "database.url"),
                SSL_MODES,
            ),
            LegacyVariable::changes_urls(
                "POSTGRES_SSL",
                concat!($prefix, "database.replicas"),
                "url",
                SSL_MODES,
            ),
            LegacyVariable::converted(
                "DB_STATEMENT_TIMEOUT",
                concat!($prefix, "database.statement_timeout"),
                Conversion::Milliseconds,
            ),
        )
    };
    // Services with a broker. The list of servers exists with the feature `kafka`.
    (@ [broker $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::converted(
                "KAFKA_BROKERS",
                concat!($prefix, "broker.url"),
                Conversion::FirstHost("kafka"),
            ),
            LegacyVariable::converted(
                "KAFKA_BROKERS",
                concat!($prefix, "broker.kafka.servers"),
                Conversion::HostList,
            )
            .optional(),
            LegacyVariable::changes_url(
                "KAFKA_SECURITY",
                concat!($prefix, "broker.url"),
                KAFKA_SECURITY,
            ),
            LegacyVariable::ignored(
                "KAFKA_CLIENT_ID",
                "remove it: each service sets its own client ID",
            ),
            LegacyVariable::ignored(
                "KAFKA_GROUP_ID",
                "remove it: consumer groups have fixed names",
            ),
        )
    };
    // Services with accounts and sessions.
    (@ [sessions $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::sets(
                "JWT_ACCESS_EXPIRES_IN",
                concat!($prefix, "access_tokens.lifetime"),
            ),
            LegacyVariable::sets(
                "JWT_REFRESH_EXPIRES_IN",
                concat!($prefix, "sessions.idle_timeout"),
            ),
            LegacyVariable::ignored(
                "JWT_REFRESH_SECRET",
                "remove it: refresh tokens are random, and the database stores their hashes",
            ),
            LegacyVariable::sets(
                "ACCOUNT_LOCKOUT_MAX_ATTEMPTS",
                concat!($prefix, "lockout.account.max_failures"),
            ),
            LegacyVariable::sets(
                "ACCOUNT_LOCKOUT_DURATION",
                concat!($prefix, "lockout.account.initial_backoff"),
            ),
            LegacyVariable::sets(
                "ACCOUNT_LOCKOUT_DURATION",
                concat!($prefix, "lockout.account.max_backoff"),
            ),
        )
    };
    // The service of administrators. The legacy environment has the values of students.
    (@ [administrators $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::ignored(
                "JWT_ACCESS_EXPIRES_IN",
                concat!("set ", $prefix, "access_tokens.lifetime of administrators"),
            ),
            LegacyVariable::ignored(
                "JWT_REFRESH_EXPIRES_IN",
                concat!("set ", $prefix, "sessions.idle_timeout of administrators"),
            ),
            LegacyVariable::ignored(
                "JWT_REFRESH_SECRET",
                "remove it: refresh tokens are random, and the database stores their hashes",
            ),
            LegacyVariable::ignored(
                "ACCOUNT_LOCKOUT_*",
                concat!("set ", $prefix, "lockout.account of administrators"),
            ),
        )
    };
    // Services that send e-mail.
    (@ [mail $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::mail_host(
                "SMTP_HOST",
                concat!($prefix, "mail.url"),
                "SMTP_PORT",
                "SMTP_USER",
            ),
            LegacyVariable::part_of("SMTP_PORT", "SMTP_HOST"),
            LegacyVariable::part_of("SMTP_USER", "SMTP_HOST"),
            LegacyVariable::sets("SMTP_PASS", concat!($prefix, "mail.password")),
            LegacyVariable::sets("SMTP_FROM", concat!($prefix, "mail.from")),
            LegacyVariable::ignored("EMAIL_OTP_SUBJECT", "remove it: the subject is fixed"),
        )
    };
    // Services with codes and logins by Google.
    (@ [identity $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::sets("OTP_PEPPER", concat!($prefix, "codes.pepper")),
            LegacyVariable::sets("MSG91_AUTH_KEY", concat!($prefix, "sms.auth_key")),
            LegacyVariable::sets("MSG91_TEMPLATE_ID", concat!($prefix, "sms.template_id")),
            LegacyVariable::converted(
                "MSG91_TEMPLATE_ID",
                concat!($prefix, "sms.provider"),
                Conversion::Constant("msg91"),
            ),
            LegacyVariable::sets("GOOGLE_CLIENT_ID", concat!($prefix, "google.client_ids")),
            LegacyVariable::sets("GOOGLE_CLIENT_IDS", concat!($prefix, "google.client_ids")),
            LegacyVariable::sets("GOOGLE_CLIENT_SECRET", concat!($prefix, "google.client_secret")),
            LegacyVariable::sets("GOOGLE_REDIRECT_URIS", concat!($prefix, "google.redirect_uris")),
            LegacyVariable::sets(
                "ENABLE_UNVERIFIED_CLEANUP",
                concat!($prefix, "unverified_cleanup"),
            ),
            LegacyVariable::accepts(
                "ENABLE_REFRESH_TOKEN_CLEANUP",
                &["true"],
                "remove it: old refresh tokens are always removed",
            ),
        )
    };
    // Services with objects in S3, whose settings have this name instead of a prefix.
    (@ [storage $($part:ident)*] $prefix:literal $($done:expr,)*) => {
        variables!(@ [$($part)*] $prefix $($done,)*
            LegacyVariable::converted(
                "AWS_S3_BUCKET",
                concat!($prefix, "url"),
                Conversion::UrlOf("s3"),
            )
            .unless_file_sets(concat!($prefix, "url")),
            LegacyVariable::sets("AWS_REGION", concat!($prefix, "region"))
                .together_with("AWS_S3_BUCKET")
                .unless_file_sets(concat!($prefix, "url")),
            LegacyVariable::sets("AWS_ACCESS_KEY_ID", concat!($prefix, "access_key"))
                .together_with("AWS_S3_BUCKET")
                .unless_file_sets(concat!($prefix, "url")),
            LegacyVariable::sets("AWS_SECRET_ACCESS_KEY", concat!($prefix, "secret_key"))
                .together_with("AWS_S3_BUCKET")
                .unless_file_sets(concat!($prefix, "url")),
            LegacyVariable::sets("AWS_SESSION_TOKEN", concat!($prefix, "session_token"))
                .together_with("AWS_S3_BUCKET")
                .unless_file_sets(concat!($prefix, "url")),
        )
    };
}

/// The environment names of services whose settings are an
/// [`IdentityConfig`](crate::IdentityConfig).
pub const ACCOUNT_VARIABLES: &[LegacyVariable] =
    variables!([common database broker sessions mail identity] "");

/// The environment names for settings that contain an [`IdentityConfig`](crate::IdentityConfig) as
/// `identity`.
pub const TRAINER_ACCOUNT_VARIABLES: &[LegacyVariable] =
    variables!([common database broker sessions mail identity] "identity.");

/// The environment names of services whose settings contain a
/// [`BackendConfig`](crate::BackendConfig) as `backend`.
pub const BACKEND_VARIABLES: &[LegacyVariable] = variables!([common database broker] "backend.");

/// The environment names of services with their own settings of stores and tokens.
pub const STORE_VARIABLES: &[LegacyVariable] = variables!([common database broker] "");

/// The environment names of the service of administrators, which has no broker.
pub const ADMIN_VARIABLES: &[LegacyVariable] = variables!([common database administrators] "");

/// The environment names of the gateway, which has no database.
pub const GATEWAY_VARIABLES: &[LegacyVariable] = variables!([common broker] "");

/// The environment names of e-mail, for settings with a field `mail`.
pub const MAIL_VARIABLES: &[LegacyVariable] = variables!([mail] "");

/// The environment names of the storage `attachments`.
pub const ATTACHMENTS_VARIABLES: &[LegacyVariable] = variables!([storage] "attachments.");

/// The environment names of the storage `documents`.
pub const DOCUMENTS_VARIABLES: &[LegacyVariable] = variables!([storage] "documents.");

/// The environment names of the storage `media`.
pub const MEDIA_VARIABLES: &[LegacyVariable] = variables!([storage] "media.");
