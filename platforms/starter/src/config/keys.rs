use seaworthy::config::{Conversion, LegacyKey};

/// The engines of `data.database.driver`, which are schemes of URLs.
pub(crate) const ENGINES: &[&str] = &["postgres", "mysql", "sqlite"];
/// The values of a switch of `Strict-Transport-Security`, as a number of seconds.
pub(crate) const HSTS_SWITCH: &[(&str, Option<&str>)] = &[("true", None), ("false", Some("0"))];
/// The advice for the path of metrics.
pub(crate) const METRICS_ADVICE: &str = "remove it: the admin listener serves /metrics";
/// The advice for probes.
pub(crate) const PROBES_ADVICE: &str = "remove it: orchestrators need probes, which are always at /health, /health/live and /health/ready";

/// The keys of the files of the contract that have other names here. The message
/// `conf.v1.Bootstrap` lists the keys of the contract.
pub(crate) const LEGACY_KEYS: &[LegacyKey] = &[
    LegacyKey::accepts(
        "server.http.network",
        &["tcp"],
        "remove it: listeners use TCP",
    ),
    LegacyKey::accepts(
        "server.grpc.network",
        &["tcp"],
        "remove it: listeners use TCP",
    ),
    LegacyKey::scheme("data.database.driver", "data.database.url", ENGINES),
    LegacyKey::sets("data.database.source", "data.database.url"),
    LegacyKey::sets(
        "data.database.max_idle_conns",
        "data.database.pool.min_connections",
    ),
    LegacyKey::sets(
        "data.database.max_open_conns",
        "data.database.pool.max_connections",
    ),
    LegacyKey::sets(
        "data.database.conn_max_lifetime",
        "data.database.pool.max_lifetime",
    ),
    LegacyKey::accepts(
        "data.redis.network",
        &["tcp"],
        "remove it: connections to Redis use TCP",
    ),
    LegacyKey::converted("data.redis.addr", "data.redis.url", Conversion::RedisUrl),
    LegacyKey::sets("data.redis.read_timeout", "data.redis.timeout"),
    LegacyKey::sets("jwt.secret", "auth.jwt_secret_key"),
    LegacyKey::sets("jwt.access_expiry", "auth.access_token_expiration"),
    LegacyKey::sets("jwt.refresh_expiry", "auth.refresh_token_expiration"),
    LegacyKey::sets("jwt.issuer", "auth.issuer"),
    LegacyKey::sets("jwt.signing_method", "auth.signing_method"),
    LegacyKey::sets("features.config_file", "features.file"),
    LegacyKey::accepts(
        "features.config_format",
        &["yaml"],
        "write the flags in YAML",
    ),
    LegacyKey::sets("features.watch_config", "features.watch"),
    LegacyKey::accepts(
        "features.repository.type",
        &["file"],
        "set features.directory",
    ),
    LegacyKey::sets("features.repository.config_path", "features.directory"),
    LegacyKey::accepts(
        "features.repository.format",
        &["yaml"],
        "write the flags in YAML",
    ),
    LegacyKey::accepts(
        "kms.storage_type",
        &["database"],
        "remove it: data keys are in the database",
    ),
    LegacyKey::sets("log.rotation.max_size", "log.file.max_size"),
    LegacyKey::sets("log.rotation.max_age", "log.file.max_age"),
    LegacyKey::sets("log.rotation.max_backups", "log.file.max_backups"),
    LegacyKey::sets("log.rotation.compress", "log.file.compress"),
    LegacyKey::switches(
        "security.tls.enabled",
        "server.http.tls.certificate",
        "server.http.tls",
    ),
    LegacyKey::switches(
        "security.tls.enabled",
        "server.grpc.tls.certificate",
        "server.grpc.tls",
    ),
    LegacyKey::sets("security.tls.cert_file", "server.http.tls.certificate"),
    LegacyKey::sets("security.tls.cert_file", "server.grpc.tls.certificate"),
    LegacyKey::sets("security.tls.key_file", "server.http.tls.key"),
    LegacyKey::sets("security.tls.key_file", "server.grpc.tls.key"),
    LegacyKey::sets("security.tls.min_version", "server.http.tls.min_version"),
    LegacyKey::sets("security.tls.min_version", "server.grpc.tls.min_version"),
    LegacyKey::sets(
        "security.cors.allowed_origins",
        "server.http.cors.allowed_origins",
    ),
    LegacyKey::sets(
        "security.cors.allowed_methods",
        "server.http.cors.allowed_methods",
    ),
    LegacyKey::sets(
        "security.cors.allowed_headers",
        "server.http.cors.allowed_headers",
    ),
    LegacyKey::sets(
        "security.cors.allow_credentials",
        "server.http.cors.allow_credentials",
    ),
    LegacyKey::converted(
        "security.cors.max_age",
        "server.http.cors.max_age",
        Conversion::Seconds,
    ),
    LegacyKey::sets(
        "security.rate_limit.enabled",
        "server.http.rate_limit.enabled",
    ),
    LegacyKey::sets(
        "security.rate_limit.enabled",
        "server.grpc.rate_limit.enabled",
    ),
    LegacyKey::sets(
        "security.rate_limit.requests_per_minute",
        "server.http.rate_limit.requests",
    ),
    LegacyKey::sets(
        "security.rate_limit.requests_per_minute",
        "server.grpc.rate_limit.requests",
    ),
    LegacyKey::sets("security.rate_limit.burst", "server.http.rate_limit.burst"),
    LegacyKey::sets("security.rate_limit.burst", "server.grpc.rate_limit.burst"),
    LegacyKey::sets(
        "security.headers.hsts_max_age",
        "server.http.security_headers.strict_transport_security_max_age",
    ),
    LegacyKey::maps(
        "security.headers.enable_hsts",
        "server.http.security_headers.strict_transport_security_max_age",
        HSTS_SWITCH,
    ),
    LegacyKey::sets(
        "security.headers.hsts_include_subdomains",
        "server.http.security_headers.strict_transport_security_subdomains",
    ),
    LegacyKey::sets(
        "security.headers.content_security_policy",
        "server.http.security_headers.content_security_policy",
    ),
    LegacyKey::sets(
        "security.headers.frame_options",
        "server.http.security_headers.frame_options",
    ),
    LegacyKey::sets(
        "security.headers.content_type_options",
        "server.http.security_headers.content_type_options",
    ),
    LegacyKey::sets(
        "security.headers.xss_protection",
        "server.http.security_headers.xss_protection",
    ),
    LegacyKey::sets(
        "security.headers.referrer_policy",
        "server.http.security_headers.referrer_policy",
    ),
    LegacyKey::sets(
        "security.headers.permissions_policy",
        "server.http.security_headers.permissions_policy",
    ),
    LegacyKey::sets("monitoring.metrics.enabled", "metrics.enabled"),
    LegacyKey::converted("monitoring.metrics.addr", "admin.addr", Conversion::Address),
    LegacyKey::accepts("monitoring.metrics.path", &["/metrics"], METRICS_ADVICE),
    LegacyKey::switches("monitoring.health.enabled", "health.addr", "health.addr"),
    LegacyKey::converted("monitoring.health.addr", "health.addr", Conversion::Address),
    LegacyKey::accepts("monitoring.health.path", &["/health"], PROBES_ADVICE),
    LegacyKey::switches(
        "monitoring.tracing.enabled",
        "tracing.endpoint",
        "tracing.endpoint",
    ),
    LegacyKey::converted(
        "monitoring.tracing.endpoint",
        "tracing.endpoint",
        Conversion::HttpUrl,
    ),
    LegacyKey::sets("monitoring.tracing.service_name", "tracing.service_name"),
    LegacyKey::sets("swagger_ui.enabled", "api_document.enabled"),
    LegacyKey::sets(
        "swagger_ui.security.enable_auth",
        "api_document.authenticated",
    ),
    LegacyKey::sets(
        "swagger_ui.security.allowed_ips",
        "api_document.allowed_addresses",
    ),
    LegacyKey::sets(
        "swagger_ui.security.allowed_user_types",
        "api_document.roles",
    ),
    LegacyKey::accepts(
        "swagger_ui.security.enable_audit_log",
        &["true"],
        "remove it: the access log has each request",
    ),
    LegacyKey::sets("swagger_ui.security.path_prefix", "api_document.prefix"),
    LegacyKey::accepts(
        "swagger_ui.security.jwt.check_expiry",
        &["true"],
        "remove it: expired tokens are always rejected",
    ),
    LegacyKey::accepts(
        "swagger_ui.security.jwt.check_issuer",
        &["true"],
        "remove it: tokens of other issuers are always rejected",
    ),
    LegacyKey::sets(
        "swagger_ui.security.jwt.allowed_issuers",
        "auth.document_issuers",
    ),
    LegacyKey::profiles("environments"),
    LegacyKey::profile("environment"),
];

#[cfg(test)]
mod tests;
