use city_events_contract::LOG_FORMAT;
use seaworthy::config::{Conversion, LegacyVariable};

/// The variables of the legacy gateway.
pub(crate) const VARIABLES: [LegacyVariable; 20] = [
    LegacyVariable::sets("LOG_LEVEL", "log.level"),
    LOG_FORMAT,
    LegacyVariable::converted("HTTP_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("JWT_SECRET", "jwt.secret"),
    LegacyVariable::sets("JWT_ISSUER", "jwt.issuer"),
    LegacyVariable::rejected(
        "INTERNAL_SECRET_KEY",
        "set service_calls.secret here and in the auth service to a secret that no other service has",
    ),
    LegacyVariable::sets("RATE_LIMIT_ENABLED", "rate_limit.enabled"),
    LegacyVariable::sets("RATE_LIMIT_REQUESTS", "rate_limit.requests"),
    LegacyVariable::sets("RATE_LIMIT_WINDOW", "rate_limit.window"),
    LegacyVariable::sets("REDIS_ADDR", "rate_limit.redis.address"),
    // The pages of the web application. `CORS_ALLOWED_ORIGINS` replaces it.
    LegacyVariable::sets("FRONTEND_ORIGIN", "server.http.cors.allowed_origins")
        .unless_file_sets("server.http.cors.allowed_origins"),
    LegacyVariable::sets("CORS_ALLOWED_ORIGINS", "server.http.cors.allowed_origins"),
    LegacyVariable::sets("AUTH_SERVICE_URL", "clients.auth.base_url"),
    LegacyVariable::sets("FEED_SERVICE_URL", "clients.feed.base_url"),
    LegacyVariable::rejected(
        "EVENT_SERVICE_URL",
        "set grpc_clients.event.url to the gRPC address of the event service, such as http://event:9082",
    ),
    LegacyVariable::rejected(
        "JOIN_SERVICE_URL",
        "set grpc_clients.join.url to the gRPC address of the join service, such as http://join:9083",
    ),
    LegacyVariable::sets("MEDIA_SERVICE_URL", "clients.media.base_url"),
    LegacyVariable::rejected(
        "TRACING_ENABLED",
        "remove it: traces are exported if tracing.endpoint is set",
    ),
    LegacyVariable::converted("OTLP_ENDPOINT", "tracing.endpoint", Conversion::HttpUrl),
    LegacyVariable::rejected(
        "SERVICE_VERSION",
        "remove it: the version is that of the binary",
    ),
];
