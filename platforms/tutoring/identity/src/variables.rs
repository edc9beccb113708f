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

/// Variables of all services. Their keys are never in a section.
const PROCESS: [LegacyVariable; 3] = [
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("TRUSTED_PROXIES", "server.http.trusted_proxies"),
];

/// Variables of all services. Their keys may be in a section.
const COMMON: [LegacyVariable; 7] = [
    LegacyVariable::sets("REDIS_URL", "redis.url"),
    LegacyVariable::sets("JWT_ACCESS_SECRET", "access_tokens.secret"),
    LegacyVariable::sets("JWT_ISSUER", "access_tokens.issuer"),
    LegacyVariable::sets("JWT_AUDIENCE", "access_tokens.audience"),
    LegacyVariable::ignored("SERVICE_NAME", "remove it: the name of a service is fixed"),
    LegacyVariable::ignored(
        "INSTANCE_ID",
        "remove it: each process creates the ID of its instance",
    ),
    LegacyVariable::ignored(
        "RATE_LIMIT_*",
        "set server.http.rate_limit, and limits of the gateway and of the services",
    ),
];

/// Variables of services with a database.
const DATABASE: [LegacyVariable; 4] = [
    LegacyVariable::sets("POSTGRES_URL", "database.url"),
    LegacyVariable::changes_url("POSTGRES_SSL", "database.url", SSL_MODES),
    LegacyVariable::changes_urls("POSTGRES_SSL", "database.replicas", "url", SSL_MODES),
    LegacyVariable::converted(
        "DB_STATEMENT_TIMEOUT",
        "database.statement_timeout",
        Conversion::Milliseconds,
    ),
];

/// Variables of services with a broker. The list of servers exists with the feature `kafka`.
const BROKER: [LegacyVariable; 5] = [
    LegacyVariable::converted(
        "KAFKA_BROKERS",
        "broker.url",
        Conversion::FirstHost("kafka"),
    ),
    LegacyVariable::converted(
        "KAFKA_BROKERS",
        "broker.kafka.servers",
        Conversion::HostList,
    )
    .optional(),
    LegacyVariable::changes_url("KAFKA_SECURITY", "broker.url", KAFKA_SECURITY),
    LegacyVariable::ignored(
        "KAFKA_CLIENT_ID",
        "remove it: each service sets its own client ID",
    ),
    LegacyVariable::ignored(
        "KAFKA_GROUP_ID",
        "remove it: consumer groups have fixed names",
    ),
];

/// The advice for `JWT_REFRESH_SECRET`.
const NO_REFRESH_SECRET: &str =
    "remove it: refresh tokens are random, and the database stores their hashes";

/// Variables of services with accounts and sessions.
const SESSIONS: [LegacyVariable; 6] = [
    LegacyVariable::sets("JWT_ACCESS_EXPIRES_IN", "access_tokens.lifetime"),
    LegacyVariable::sets("JWT_REFRESH_EXPIRES_IN", "sessions.idle_timeout"),
    LegacyVariable::ignored("JWT_REFRESH_SECRET", NO_REFRESH_SECRET),
    LegacyVariable::sets(
        "ACCOUNT_LOCKOUT_MAX_ATTEMPTS",
        "lockout.account.max_failures",
    ),
    LegacyVariable::sets(
        "ACCOUNT_LOCKOUT_DURATION",
        "lockout.account.initial_backoff",
    ),
    LegacyVariable::sets("ACCOUNT_LOCKOUT_DURATION", "lockout.account.max_backoff"),
];

/// Variables of the service of administrators. The legacy environment has the values of students.
const ADMINISTRATORS: [LegacyVariable; 4] = [
    LegacyVariable::ignored(
        "JWT_ACCESS_EXPIRES_IN",
        "set access_tokens.lifetime of administrators",
    ),
    LegacyVariable::ignored(
        "JWT_REFRESH_EXPIRES_IN",
        "set sessions.idle_timeout of administrators",
    ),
    LegacyVariable::ignored("JWT_REFRESH_SECRET", NO_REFRESH_SECRET),
    LegacyVariable::ignored("ACCOUNT_LOCKOUT_*", "set lockout.account of administrators"),
];

/// The environment names of e-mail, for settings with a field `mail`.
pub const MAIL_VARIABLES: [LegacyVariable; 6] = [
    LegacyVariable::mail_host("SMTP_HOST", "mail.url", "SMTP_PORT", "SMTP_USER"),
    LegacyVariable::part_of("SMTP_PORT", "SMTP_HOST"),
    LegacyVariable::part_of("SMTP_USER", "SMTP_HOST"),
    LegacyVariable::sets("SMTP_PASS", "mail.password"),
    LegacyVariable::sets("SMTP_FROM", "mail.from"),
    LegacyVariable::ignored("EMAIL_OTP_SUBJECT", "remove it: the subject is fixed"),
];

/// Variables of services with codes and logins by Google.
const IDENTITY: [LegacyVariable; 10] = [
    LegacyVariable::sets("OTP_PEPPER", "codes.pepper"),
    LegacyVariable::sets("MSG91_AUTH_KEY", "sms.auth_key"),
    LegacyVariable::sets("MSG91_TEMPLATE_ID", "sms.template_id"),
    LegacyVariable::converted(
        "MSG91_TEMPLATE_ID",
        "sms.provider",
        Conversion::Constant("msg91"),
    ),
    LegacyVariable::sets("GOOGLE_CLIENT_ID", "google.client_ids"),
    LegacyVariable::sets("GOOGLE_CLIENT_IDS", "google.client_ids"),
    LegacyVariable::sets("GOOGLE_CLIENT_SECRET", "google.client_secret"),
    LegacyVariable::sets("GOOGLE_REDIRECT_URIS", "google.redirect_uris"),
    LegacyVariable::sets("ENABLE_UNVERIFIED_CLEANUP", "unverified_cleanup"),
    LegacyVariable::accepts(
        "ENABLE_REFRESH_TOKEN_CLEANUP",
        &["true"],
        "remove it: old refresh tokens are always removed",
    ),
];

/// Variables of services with objects in S3.
const STORAGE: [LegacyVariable; 5] = [
    LegacyVariable::converted("AWS_S3_BUCKET", "url", Conversion::UrlOf("s3"))
        .unless_file_sets("url"),
    storage("AWS_REGION", "region"),
    storage("AWS_ACCESS_KEY_ID", "access_key"),
    storage("AWS_SECRET_ACCESS_KEY", "secret_key"),
    storage("AWS_SESSION_TOKEN", "session_token"),
];

/// A variable that counts together with the bucket.
const fn storage(name: &'static str, key: &'static str) -> LegacyVariable {
    LegacyVariable::sets(name, key)
        .together_with("AWS_S3_BUCKET")
        .unless_file_sets("url")
}

/// Returns the environment names of services with their own settings of stores and tokens.
pub fn store_variables() -> impl Iterator<Item = LegacyVariable> {
    PROCESS.into_iter().chain(stores())
}

/// Returns the environment names of services whose settings contain a
/// [`BackendConfig`](crate::BackendConfig) as `backend`.
pub fn backend_variables() -> impl Iterator<Item = LegacyVariable> {
    let settings = stores().map(|variable| variable.within("backend"));
    PROCESS.into_iter().chain(settings)
}

fn stores() -> impl Iterator<Item = LegacyVariable> {
    COMMON.into_iter().chain(DATABASE).chain(BROKER)
}

/// Returns the environment names of services whose settings are an
/// [`IdentityConfig`](crate::IdentityConfig).
pub fn account_variables() -> impl Iterator<Item = LegacyVariable> {
    PROCESS.into_iter().chain(accounts())
}

/// Returns the environment names for settings that contain an
/// [`IdentityConfig`](crate::IdentityConfig) as `identity`.
pub fn trainer_account_variables() -> impl Iterator<Item = LegacyVariable> {
    let settings = accounts().map(|variable| variable.within("identity"));
    PROCESS.into_iter().chain(settings)
}

fn accounts() -> impl Iterator<Item = LegacyVariable> {
    let settings = stores().chain(SESSIONS).chain(MAIL_VARIABLES);
    settings.chain(IDENTITY)
}

/// Returns the environment names of the service of administrators, which has no broker.
pub fn admin_variables() -> impl Iterator<Item = LegacyVariable> {
    let settings = PROCESS.into_iter().chain(COMMON).chain(DATABASE);
    settings.chain(ADMINISTRATORS)
}

/// Returns the environment names of the gateway, which has no database.
pub fn gateway_variables() -> impl Iterator<Item = LegacyVariable> {
    PROCESS.into_iter().chain(COMMON).chain(BROKER)
}

/// Returns the environment names of the storage in a section, such as `attachments`.
pub fn storage_variables(section: &'static str) -> impl Iterator<Item = LegacyVariable> {
    let settings = STORAGE.into_iter();
    settings.map(move |variable| variable.within(section))
}
