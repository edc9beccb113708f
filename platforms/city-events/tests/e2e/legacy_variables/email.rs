use serde_json::json;

use super::{
    Effect::{Accepts, Fails, Sets},
    check, common, load, rabbit, rows,
};

#[tokio::test]
async fn email_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        ("RABBIT_QUEUE", "email.q", Fails("city-events.email")),
        ("RABBIT_BIND_KEYS", "auth.#", Fails("auth.email.#")),
        (
            "RABBIT_BIND_KEYS",
            "auth.email.#,auth.password.#,email.#,event.canceled,event.unpublished",
            Sets("notify_owners", json!(true)),
        ),
        (
            "RABBIT_PREFETCH",
            "7",
            Sets("broker.defaults.prefetch", json!(7)),
        ),
        ("RABBIT_CONSUMER_TAG", "email", Fails("from the broker")),
        (
            "SHUTDOWN_WAIT",
            "11s",
            Sets("lifecycle.consumer_timeout", json!("11s")),
        ),
        ("EMAIL_SENDER", "fake", Sets("sender", json!("fake"))),
        (
            "SMTP_HOST",
            "smtp.example",
            Sets("mail.url", json!("smtp://smtp.example")),
        ),
        ("SMTP_PORT", "587", Fails("set SMTP_HOST too")),
        ("SMTP_USERNAME", "city", Fails("set SMTP_HOST too")),
        (
            "SMTP_PASSWORD",
            "secret",
            Sets("mail.password", json!("***")),
        ),
        (
            "SMTP_FROM",
            "events@example.org",
            Sets("mail.from", json!("events@example.org")),
        ),
        ("SMTP_TIMEOUT", "11s", Sets("mail.timeout", json!("11s"))),
        (
            "SMTP_INSECURE",
            "true",
            Sets("mail.allow_plaintext", json!(true)),
        ),
        (
            "EMAIL_WEB_ADDR",
            ":8091",
            Sets("server.http.addr", json!(":8091")),
        ),
        (
            "EMAIL_PUBLIC_BASE_URL",
            "https://e.example",
            Fails("verify_email.base_url"),
        ),
        (
            "AUTH_BASE_URL",
            "http://auth:8080",
            Sets("auth_url", json!("http://auth:8080")),
        ),
        (
            "INTERNAL_SECRET_KEY",
            "secret",
            Sets("internal_secret", json!("***")),
        ),
        (
            "REDIS_ENABLED",
            "true",
            Accepts("false", "rate_limit.redis.address"),
        ),
        (
            "REDIS_ADDR",
            "redis:6379",
            Sets("rate_limit.redis.address", json!("***")),
        ),
        ("REDIS_DB", "3", Sets("rate_limit.redis.database", json!(3))),
        ("EMAIL_IDEMPOTENCY_TTL", "24h", Accepts("48h", "24 h")),
        ("EMAIL_MAX_ATTEMPTS", "7", Sets("max_attempts", json!(7))),
        (
            "RL_ENABLED",
            "false",
            Sets("rate_limit.enabled", json!(false)),
        ),
        (
            "RL_IP_LIMIT",
            "7",
            Sets("rate_limit.requests_per_ip", json!(7)),
        ),
        ("RL_IP_WINDOW", "1m", Accepts("2m", "one minute")),
        (
            "RL_TOKEN_LIMIT",
            "7",
            Sets("rate_limit.requests_per_token", json!(7)),
        ),
        ("RL_TOKEN_WINDOW", "10m", Accepts("2m", "ten minutes")),
        (
            "FAKE_FAIL_MODE",
            "none",
            Accepts("transient", "simulates no failures"),
        ),
    ];
    check::<city_events_email::EmailConfig>(
        city_events_email::service(),
        "email-service",
        rows([common(), rabbit(), own]),
    )
    .await;
    let smtp = [
        ("SMTP_HOST", "smtp.example"),
        ("SMTP_PORT", "587"),
        ("SMTP_USERNAME", "city"),
    ];
    let service = city_events_email::service();
    let loaded = load::<city_events_email::EmailConfig>(&service, "email-service", &smtp).await;
    let values = loaded.unwrap().values();
    let url = values.iter().find(|shown| shown.key == "mail.url").unwrap();
    assert_eq!(url.value, json!("smtp://city@smtp.example:587"));
}
