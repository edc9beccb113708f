use city_events_contract::LOG_FORMAT;
use seaworthy::config::{Conversion, LegacyVariable};

/// The variables of the legacy join service.
pub(crate) const VARIABLES: [LegacyVariable; 23] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::converted("PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("DATABASE_URL", "database.url"),
    LegacyVariable::rejected(
        "POSTGRES_ADDR",
        "set DATABASE_URL to postgres://USER@HOST:PORT/DATABASE?sslmode=MODE, and database.password",
    ),
    LegacyVariable::rejected(
        "POSTGRES_USER",
        "set DATABASE_URL to postgres://USER@HOST:PORT/DATABASE?sslmode=MODE, and database.password",
    ),
    LegacyVariable::rejected(
        "POSTGRES_PASSWORD",
        "set DATABASE_URL to postgres://USER@HOST:PORT/DATABASE?sslmode=MODE, and database.password",
    ),
    LegacyVariable::rejected(
        "POSTGRES_DB",
        "set DATABASE_URL to postgres://USER@HOST:PORT/DATABASE?sslmode=MODE, and database.password",
    ),
    LegacyVariable::rejected(
        "POSTGRES_SSLMODE",
        "set DATABASE_URL to postgres://USER@HOST:PORT/DATABASE?sslmode=MODE, and database.password",
    ),
    LegacyVariable::sets("RABBIT_URL", "broker.url"),
    LegacyVariable::sets("RABBITMQ_URL", "broker.url"),
    LegacyVariable::sets("RABBIT_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("RABBITMQ_EXCHANGE", "broker.rabbitmq.exchange"),
    LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
    LegacyVariable::sets("JWT_ISSUER", "jwt.issuer"),
    LegacyVariable::rejected("REDIS_ADDR", "remove it: the service uses no Redis"),
    LegacyVariable::rejected("REDIS_PASSWORD", "remove it: the service uses no Redis"),
    LegacyVariable::rejected("REDIS_DB", "remove it: the service uses no Redis"),
    LegacyVariable::sets("RATE_LIMIT_ENABLED", "server.http.rate_limit.enabled"),
    LegacyVariable::sets("RL_ENABLED", "server.http.rate_limit.enabled"),
    LegacyVariable::sets("RL_REQUESTS_LIMIT", "server.http.rate_limit.requests"),
    LegacyVariable::converted(
        "RL_WINDOW_SECONDS",
        "server.http.rate_limit.window",
        Conversion::Seconds,
    ),
    LegacyVariable::accepts(
        "OUTBOX_ENABLED",
        &["true", "1"],
        "remove it: the outbox is always enabled",
    ),
];
