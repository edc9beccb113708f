use seaworthy::config::LegacyVariable;

/// The environment names of the contract, besides `STARTER__…`.
pub(crate) const VARIABLES: [LegacyVariable; 56] = [
    LegacyVariable::profile("ENVIRONMENT"),
    LegacyVariable::sets("HTTP_ADDR", "server.http.addr"),
    LegacyVariable::sets("HTTP_TIMEOUT", "server.http.timeout"),
    LegacyVariable::sets("GRPC_ADDR", "server.grpc.addr"),
    LegacyVariable::sets("GRPC_TIMEOUT", "server.grpc.timeout"),
    LegacyVariable::accepts(
        "DATABASE_DRIVER",
        &["postgres", "mysql", "sqlite"],
        "the scheme of DATABASE_URL selects the engine: postgres, mysql or sqlite",
    ),
    LegacyVariable::sets("DATABASE_URL", "data.database.url"),
    LegacyVariable::sets("DB_MAX_IDLE_CONNS", "data.database.pool.min_connections"),
    LegacyVariable::sets("DB_MAX_OPEN_CONNS", "data.database.pool.max_connections"),
    LegacyVariable::sets("DB_CONN_MAX_LIFETIME", "data.database.pool.max_lifetime"),
    LegacyVariable::converted(
        "REDIS_ADDR",
        "data.redis.url",
        seaworthy::config::Conversion::RedisUrl,
    ),
    LegacyVariable::sets("REDIS_PASSWORD", "data.redis.password"),
    LegacyVariable::accepts(
        "REDIS_DB",
        &["0"],
        "append the number to the address: REDIS_ADDR=redis://host:port/1",
    ),
    LegacyVariable::sets("REDIS_READ_TIMEOUT", "data.redis.timeout"),
    LegacyVariable::rejected(
        "REDIS_WRITE_TIMEOUT",
        "remove it: REDIS_READ_TIMEOUT limits a whole command",
    ),
    LegacyVariable::rejected(
        "REDIS_POOL_SIZE",
        "remove it: one connection carries all commands",
    ),
    LegacyVariable::sets("JWT_SECRET_KEY", "auth.jwt_secret_key"),
    LegacyVariable::sets("ACCESS_TOKEN_EXPIRATION", "auth.access_token_expiration"),
    LegacyVariable::sets("REFRESH_TOKEN_EXPIRATION", "auth.refresh_token_expiration"),
    LegacyVariable::sets("CAPTCHA_ENABLED", "auth.captcha_enabled"),
    LegacyVariable::sets("CAPTCHA_EXPIRATION", "auth.captcha_expiration"),
    LegacyVariable::sets("MAX_LOGIN_ATTEMPTS", "auth.max_login_attempts"),
    LegacyVariable::sets("LOCK_DURATION", "auth.lock_duration"),
    LegacyVariable::sets("TOTP_ENABLED", "auth.totp_enabled"),
    LegacyVariable::accepts(
        "FEATURES_ENABLED",
        &["true"],
        "flags are always evaluated: remove it",
    ),
    LegacyVariable::accepts(
        "FEATURES_FILE",
        &["features.yaml"],
        "set features.directory and features.name",
    ),
    LegacyVariable::accepts(
        "FEATURES_WATCH",
        &["true"],
        "changed files are always read: remove it",
    ),
    LegacyVariable::sets("KMS_SEED", "kms.seed"),
    LegacyVariable::sets("KMS_SALT", "kms.salt"),
    LegacyVariable::sets("KMS_ITERATIONS", "kms.iterations"),
    LegacyVariable::sets("KMS_ROTATE_INTERVAL", "kms.rotate_interval"),
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("LOG_FORMAT", "log.format"),
    LegacyVariable::accepts(
        "LOG_OUTPUT",
        &["stdout"],
        "logs go to stdout: collect them from there",
    ),
    LegacyVariable::rejected(
        "LOG_MAX_SIZE",
        "remove it: logs go to stdout and are not rotated",
    ),
    LegacyVariable::rejected(
        "LOG_MAX_AGE",
        "remove it: logs go to stdout and are not rotated",
    ),
    LegacyVariable::rejected(
        "LOG_MAX_BACKUPS",
        "remove it: logs go to stdout and are not rotated",
    ),
    LegacyVariable::rejected(
        "TLS_ENABLED",
        "set server.http.tls and server.grpc.tls, or behind_tls_proxy",
    ),
    LegacyVariable::sets("CORS_ALLOWED_ORIGINS", "server.http.cors.allowed_origins"),
    LegacyVariable::sets("CORS_ALLOWED_METHODS", "server.http.cors.allowed_methods"),
    LegacyVariable::sets("CORS_ALLOWED_HEADERS", "server.http.cors.allowed_headers"),
    LegacyVariable::sets(
        "CORS_ALLOW_CREDENTIALS",
        "server.http.cors.allow_credentials",
    ),
    LegacyVariable::converted(
        "CORS_MAX_AGE",
        "server.http.cors.max_age",
        seaworthy::config::Conversion::Seconds,
    ),
    LegacyVariable::sets("SWAGGER_ENABLED", "api_document.enabled"),
    LegacyVariable::sets("SWAGGER_ALLOWED_IPS", "api_document.allowed_addresses"),
    LegacyVariable::sets("RATE_LIMIT_ENABLED", "server.http.rate_limit.enabled"),
    LegacyVariable::sets("RATE_LIMIT_RPM", "server.http.rate_limit.requests"),
    LegacyVariable::rejected(
        "RATE_LIMIT_BURST",
        "remove it: RATE_LIMIT_RPM is also the burst",
    ),
    LegacyVariable::accepts(
        "METRICS_ENABLED",
        &["true"],
        "the admin listener always serves metrics: remove it",
    ),
    LegacyVariable::accepts(
        "METRICS_PATH",
        &["/metrics"],
        "the path is /metrics: remove it",
    ),
    LegacyVariable::sets("METRICS_ADDR", "admin.addr"),
    LegacyVariable::accepts(
        "HEALTH_ENABLED",
        &["true"],
        "probes are always served: remove it",
    ),
    LegacyVariable::accepts(
        "HEALTH_PATH",
        &["/health"],
        "the path is /health: remove it",
    ),
    LegacyVariable::rejected(
        "HEALTH_ADDR",
        "remove it: server.http.addr and admin.addr serve probes",
    ),
    LegacyVariable::converted(
        "TRACING_ENDPOINT",
        "tracing.endpoint",
        seaworthy::config::Conversion::HttpUrl,
    ),
    LegacyVariable::rejected(
        "TRACING_SERVICE_NAME",
        "remove it: traces have the name of the service",
    ),
];
