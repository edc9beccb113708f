use seaworthy::prelude::*;

/// How long browsers keep the response to a CORS preflight request, in the contract.
const CORS_MAX_AGE: &str = "24h";
const CORS_METHODS: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
const CORS_HEADERS: [&str; 3] = ["content-type", "authorization", "x-request-id"];
/// The paths that the legacy service does not log.
const UNLOGGED: [&str; 3] = ["/health", "/metrics", "/ping"];
/// The maximum length of a value in the log of the legacy service.
const MAX_VALUE_LENGTH: u32 = 1_000;
/// Lines per second after which the legacy service logs only every hundredth line.
const SAMPLED_LINES: u32 = 100;
/// The share of new traces that the legacy service samples.
const SAMPLE_RATIO: f64 = 0.1;
/// Maximum number of requests of a caller per minute.
const REQUESTS: u32 = 100;
/// Maximum burst of requests of a caller.
const BURST: u32 = 10;
/// The pool of the contract. The server must allow as many connections for each replica.
const MIN_CONNECTIONS: u32 = 10;
const MAX_CONNECTIONS: u32 = 100;
const MAX_CONNECTION_LIFETIME: &str = "1h";
const MAX_IDLE_TIME: &str = "10m";
const SLOW_STATEMENT: &str = "200ms";
/// Pages load only what the service itself serves, without scripts in the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
/// The pages do not use device features.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), payment=()";

/// Sets the defaults of the contract where those of the framework are different.
pub(crate) fn with_defaults(service: Service) -> Service {
    let service = service
        .default_value("server.http.addr", "127.0.0.1:8000")
        .default_value("server.grpc.addr", "127.0.0.1:9000")
        // The ports of metrics and probes.
        .default_value("admin.addr", "127.0.0.1:8080")
        .default_value("health.addr", "127.0.0.1:8081")
        .default_value("data.database.pool.min_connections", MIN_CONNECTIONS)
        .default_value("data.database.pool.max_connections", MAX_CONNECTIONS)
        .default_value("data.database.pool.max_lifetime", MAX_CONNECTION_LIFETIME)
        .default_value("data.database.pool.idle_timeout", MAX_IDLE_TIME)
        .default_value("data.database.slow_statement_threshold", SLOW_STATEMENT)
        .default_value("server.http.rate_limit.requests", REQUESTS)
        .default_value("server.http.rate_limit.window", "1m")
        .default_value("server.http.rate_limit.burst", BURST)
        .default_value("server.http.rate_limit.legacy_headers", true)
        .default_value("server.grpc.rate_limit.requests", REQUESTS)
        .default_value("server.grpc.rate_limit.window", "1m")
        .default_value("server.grpc.rate_limit.burst", BURST)
        .default_value("api_document.prefix", "/q/")
        // The flags of the contract have no prefix, such as `account_lockout`.
        .default_value("features.switch_prefix", "")
        .default_value("operation_log.enabled", true)
        .default_value("tracing.sample_ratio", SAMPLE_RATIO)
        .default_value("log.max_value_length", MAX_VALUE_LENGTH)
        .default_value("log.rate_limit.sample_every", SAMPLED_LINES)
        .default_value("server.http.access_log.exclude_paths", UNLOGGED.to_vec());
    // Without an origin, CORS is closed.
    let service = service
        .default_value("server.http.cors.enabled", true)
        .default_value("server.http.cors.allowed_methods", CORS_METHODS.to_vec())
        .default_value("server.http.cors.allowed_headers", CORS_HEADERS.to_vec())
        .default_value("server.http.cors.max_age", CORS_MAX_AGE);
    let service = service
        .default_value(
            "server.http.security_headers.strict_transport_security_subdomains",
            true,
        )
        .default_value(
            "server.http.security_headers.strict_transport_security_preload",
            true,
        );
    let headers = [
        (
            "server.http.security_headers.content_security_policy",
            CONTENT_SECURITY_POLICY,
        ),
        (
            "server.http.security_headers.referrer_policy",
            "strict-origin-when-cross-origin",
        ),
        (
            "server.http.security_headers.permissions_policy",
            PERMISSIONS_POLICY,
        ),
        (
            "server.http.security_headers.cross_origin_opener_policy",
            "same-origin",
        ),
        (
            "server.http.security_headers.cross_origin_embedder_policy",
            "require-corp",
        ),
        (
            "server.http.security_headers.permitted_cross_domain_policies",
            "none",
        ),
        ("server.http.security_headers.xss_protection", "0"),
    ];
    headers.into_iter().fold(service, |service, (name, value)| {
        service.default_value(name, value)
    })
}
