use city_events_contract::LOG_FORMAT;
use seaworthy::config::LegacyVariable;

/// The variables of the legacy feed service.
pub(crate) const VARIABLES: [LegacyVariable; 13] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::sets("HTTP_ADDR", "server.http.addr"),
    LegacyVariable::sets("DB_ADDR", "database.url"),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
    LegacyVariable::sets("ANON_COOKIE_SECRET", "anonymous.secret"),
    LegacyVariable::accepts(
        "ANON_COOKIE_TTL_DAYS",
        &["365"],
        "remove it: the cookie is valid for 365 days",
    ),
    LegacyVariable::sets("RATE_LIMIT_PER_ACTOR", "tracking.requests_per_actor"),
    LegacyVariable::sets("RATE_LIMIT_PER_IP", "tracking.requests_per_ip"),
    LegacyVariable::sets("REDIS_ADDR", "tracking.redis.address"),
];
