use serde_json::json;

use super::{
    Effect::{Accepts, Fails, Sets},
    POSTGRES, assert_fails, check, common, jwt, load, rabbit, rows,
};

#[tokio::test]
async fn join_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        ("PORT", "8080", Sets("server.http.addr", json!(":8080"))),
        (
            "DATABASE_URL",
            POSTGRES,
            Sets("database.url", json!(POSTGRES)),
        ),
        ("POSTGRES_ADDR", "db:5432", Fails("set DATABASE_URL")),
        ("POSTGRES_USER", "join", Fails("set DATABASE_URL")),
        ("POSTGRES_PASSWORD", "secret", Fails("database.password")),
        ("POSTGRES_DB", "join_db", Fails("set DATABASE_URL")),
        ("POSTGRES_SSLMODE", "disable", Fails("set DATABASE_URL")),
        ("REDIS_ADDR", "127.0.0.1:6379", Fails("uses no Redis")),
        ("REDIS_PASSWORD", "secret", Fails("uses no Redis")),
        ("REDIS_DB", "0", Fails("uses no Redis")),
        (
            "RL_ENABLED",
            "false",
            Sets("server.http.rate_limit.enabled", json!(false)),
        ),
        (
            "RATE_LIMIT_ENABLED",
            "false",
            Sets("server.http.rate_limit.enabled", json!(false)),
        ),
        (
            "RL_REQUESTS_LIMIT",
            "7",
            Sets("server.http.rate_limit.requests", json!(7)),
        ),
        (
            "RL_WINDOW_SECONDS",
            "60",
            Sets("server.http.rate_limit.window", json!("60s")),
        ),
        (
            "RABBITMQ_URL",
            "amqp://user@mq.example/city",
            Sets("broker.url", json!("amqp://user@mq.example/city")),
        ),
        (
            "RABBITMQ_EXCHANGE",
            "legacy",
            Sets("broker.rabbitmq.exchange", json!("legacy")),
        ),
        ("OUTBOX_ENABLED", "true", Accepts("false", "always enabled")),
    ];
    check::<city_events_join::JoinConfig>(
        city_events_join::service(),
        "join-service",
        rows([common(), jwt(), rabbit(), own]),
    )
    .await;
    let service = city_events_join::service();
    let wrong = load::<city_events_join::JoinConfig>(
        &service,
        "join-service",
        &[("PORT", "tcp://10.0.0.1:8080")],
    )
    .await;
    assert_fails(wrong, "PORT", "not a port");
}
