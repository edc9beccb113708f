use city_events_contract::LOG_FORMAT;
use seaworthy::config::LegacyVariable;

/// The variables of the legacy event service.
pub(crate) const VARIABLES: [LegacyVariable; 18] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::sets("HTTP_ADDR", "server.http.addr"),
    LegacyVariable::sets("HTTP_READ_TIMEOUT", "server.http.limits.head.timeout"),
    LegacyVariable::sets("HTTP_WRITE_TIMEOUT", "server.http.timeout"),
    LegacyVariable::sets(
        "HTTP_IDLE_TIMEOUT",
        "server.http.limits.connections.idle_timeout",
    ),
    LegacyVariable::sets("DATABASE_URL", "database.url"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
    LegacyVariable::sets("JWT_ISSUER", "jwt.issuer"),
    LegacyVariable::rejected("REDIS_URL", "remove it: the service uses no Redis"),
    LegacyVariable::rejected("CACHE_TTL_DETAILS", "remove it: the service has no cache"),
    LegacyVariable::rejected("CACHE_TTL_LIST", "remove it: the service has no cache"),
    LegacyVariable::sets("RL_ENABLED", "server.http.rate_limit.enabled"),
    LegacyVariable::sets("RL_IP_LIMIT", "server.http.rate_limit.requests"),
    LegacyVariable::sets("RL_IP_WINDOW", "server.http.rate_limit.window"),
];
