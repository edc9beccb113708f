use serde_json::json;

use super::{
    Effect::{Fails, Sets},
    check, common, jwt, rows,
};

#[tokio::test]
async fn gateway_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        (
            "HTTP_PORT",
            "8087",
            Sets("server.http.addr", json!(":8087")),
        ),
        (
            "INTERNAL_SECRET_KEY",
            "secret",
            Fails("service_calls.secret"),
        ),
        (
            "RATE_LIMIT_ENABLED",
            "false",
            Sets("rate_limit.enabled", json!(false)),
        ),
        (
            "RATE_LIMIT_REQUESTS",
            "7",
            Sets("rate_limit.requests", json!(7)),
        ),
        (
            "RATE_LIMIT_WINDOW",
            "2m",
            Sets("rate_limit.window", json!("2m")),
        ),
        (
            "REDIS_ADDR",
            "redis:6379",
            Sets("rate_limit.redis.address", json!("***")),
        ),
        (
            "CORS_ALLOWED_ORIGINS",
            "https://a.example",
            Sets(
                "server.http.cors.allowed_origins[0]",
                json!("https://a.example"),
            ),
        ),
        (
            "FRONTEND_ORIGIN",
            "https://a.example",
            Sets(
                "server.http.cors.allowed_origins[0]",
                json!("https://a.example"),
            ),
        ),
        (
            "AUTH_SERVICE_URL",
            "http://auth:8080",
            Sets("clients.auth.base_url", json!("http://auth:8080")),
        ),
        (
            "FEED_SERVICE_URL",
            "http://feed:8084",
            Sets("clients.feed.base_url", json!("http://feed:8084")),
        ),
        (
            "EVENT_SERVICE_URL",
            "http://event:8080",
            Fails("grpc_clients.event.url"),
        ),
        (
            "JOIN_SERVICE_URL",
            "http://join:8080",
            Fails("grpc_clients.join.url"),
        ),
        (
            "MEDIA_SERVICE_URL",
            "http://media:8085",
            Sets("clients.media.base_url", json!("http://media:8085")),
        ),
        ("TRACING_ENABLED", "false", Fails("tracing.endpoint")),
        (
            "OTLP_ENDPOINT",
            "collector:4318",
            Sets("tracing.endpoint", json!("http://collector:4318")),
        ),
        ("SERVICE_VERSION", "1.0.0", Fails("remove it")),
    ];
    check::<city_events_bff::BffConfig>(
        city_events_bff::service(),
        "bff",
        rows([common(), jwt(), own]),
    )
    .await;
}
