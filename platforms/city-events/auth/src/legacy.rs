use city_events_contract::LOG_FORMAT;
use seaworthy::config::LegacyVariable;

/// The variables of the legacy auth service.
pub(crate) const VARIABLES: [LegacyVariable; 32] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::profile("ENV"),
    LegacyVariable::sets("HTTP_ADDR", "server.http.addr"),
    LegacyVariable::sets("HTTP_READ_TIMEOUT", "server.http.limits.head.timeout"),
    LegacyVariable::sets("HTTP_WRITE_TIMEOUT", "server.http.timeout"),
    LegacyVariable::sets(
        "HTTP_IDLE_TIMEOUT",
        "server.http.limits.connections.idle_timeout",
    ),
    LegacyVariable::sets("DB_ADDR", "database.url"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
    LegacyVariable::sets("JWT_ISSUER", "jwt.issuer"),
    LegacyVariable::sets("INTERNAL_SECRET_KEY", "internal_secret"),
    LegacyVariable::sets("ACCESS_TOKEN_TTL", "access_token_ttl"),
    LegacyVariable::sets("REFRESH_TOKEN_TTL", "sessions.idle_timeout"),
    LegacyVariable::sets("VERIFY_EMAIL_BASE_URL", "verify_email.base_url"),
    LegacyVariable::sets("VERIFY_EMAIL_TOKEN_TTL", "verify_email.ttl"),
    LegacyVariable::sets("PASSWORD_RESET_BASE_URL", "password_reset.base_url"),
    LegacyVariable::sets("PASSWORD_RESET_TOKEN_TTL", "password_reset.ttl"),
    LegacyVariable::rejected(
        "TOKEN_VERSION_CACHE_TTL",
        "remove it: token versions are not cached in Redis",
    ),
    LegacyVariable::sets("GOOGLE_CLIENT_ID", "oauth.google.client_id"),
    LegacyVariable::sets("GOOGLE_CLIENT_SECRET", "oauth.google.client_secret"),
    LegacyVariable::sets("OAUTH_STATE_TTL", "oauth.state_ttl"),
    LegacyVariable::sets("OAUTH_CALLBACK_URL", "oauth.callback_url"),
    LegacyVariable::sets("FRONTEND_ORIGIN", "oauth.frontend_origin"),
    // Pages of this origin call auth to refresh sessions.
    LegacyVariable::sets("FRONTEND_ORIGIN", "server.http.cors.allowed_origins")
        .unless_file_sets("server.http.cors.allowed_origins"),
    LegacyVariable::sets("ALLOWED_REDIRECTS", "oauth.allowed_redirects"),
    LegacyVariable::sets("CDN_BASE_URL", "cdn_base_url"),
    LegacyVariable::sets("REDIS_ADDR", "rate_limit.redis.address"),
    LegacyVariable::sets("REDIS_PASSWORD", "rate_limit.redis.password"),
    LegacyVariable::sets("REDIS_DB", "rate_limit.redis.database"),
];
