use seaworthy::config::{Conversion, LegacyVariable};

/// The environment names of the legacy gateway.
pub(crate) const VARIABLES: [LegacyVariable; 24] = [
    LegacyVariable::profile("APP_ENV"),
    LegacyVariable::converted("API_GATEWAY_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::rejected("KAFKA_BROKERS", "set broker.url to kafka://HOST:PORT"),
    LegacyVariable::rejected("KAFKA_CLIENT_ID", "remove it: the gateway has its own"),
    LegacyVariable::rejected("KAFKA_GROUP_ID", "remove it: the group has a fixed name"),
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LegacyVariable::sets("CORS_ORIGIN", "server.http.cors.allowed_origins"),
    LegacyVariable::sets("TRUSTED_PROXIES", "server.http.trusted_proxies"),
    LegacyVariable::sets("REDIS_URL", "redis.url"),
    LegacyVariable::sets(
        "WS_MAX_CONNECTIONS_PER_INSTANCE",
        "realtime.max_connections",
    ),
    LegacyVariable::sets("JWT_ACCESS_SECRET", "access_tokens.secret"),
    LegacyVariable::sets("JWT_ISSUER", "access_tokens.issuer"),
    LegacyVariable::sets("JWT_AUDIENCE", "access_tokens.audience"),
    LegacyVariable::sets("STUDENT_AUTH_SERVICE_URL", "clients.student_auth.base_url"),
    LegacyVariable::sets("TRAINER_AUTH_SERVICE_URL", "clients.trainer_auth.base_url"),
    LegacyVariable::sets("STUDENT_SERVICE_URL", "clients.student.base_url"),
    LegacyVariable::sets("TRAINER_SERVICE_URL", "clients.trainer.base_url"),
    LegacyVariable::sets("COURSE_SERVICE_URL", "clients.course.base_url"),
    LegacyVariable::sets("NOTIFICATION_SERVICE_URL", "clients.notification.base_url"),
    LegacyVariable::sets("PAYMENT_SERVICE_URL", "clients.payment.base_url"),
    LegacyVariable::sets("CHAT_SERVICE_URL", "clients.chat.base_url"),
    LegacyVariable::sets("ANALYTICS_SERVICE_URL", "clients.analytics.base_url"),
    LegacyVariable::sets("ADMIN_SERVICE_URL", "clients.admin.base_url"),
    LegacyVariable::sets("BOOKING_SERVICE_URL", "clients.booking.base_url"),
];
