use seaworthy::config::Profile;
use serde_json::json;

use super::{
    Effect::{self, Fails, Sets},
    POSTGRES, check, common, http_timeouts, jwt, rabbit, rows,
};

#[tokio::test]
async fn event_reads_or_rejects_legacy_variables_conf_1() {
    let own = vec![
        ("APP_ENV", "staging", Effect::Profile(Profile::Staging)),
        (
            "HTTP_ADDR",
            ":8081",
            Sets("server.http.addr", json!(":8081")),
        ),
        (
            "DATABASE_URL",
            POSTGRES,
            Sets("database.url", json!(POSTGRES)),
        ),
        (
            "REDIS_URL",
            "redis://localhost:6379/0",
            Fails("uses no Redis"),
        ),
        ("CACHE_TTL_DETAILS", "5m", Fails("has no cache")),
        ("CACHE_TTL_LIST", "15s", Fails("has no cache")),
        (
            "RL_ENABLED",
            "false",
            Sets("server.http.rate_limit.enabled", json!(false)),
        ),
        (
            "RL_IP_LIMIT",
            "7",
            Sets("server.http.rate_limit.requests", json!(7)),
        ),
        (
            "RL_IP_WINDOW",
            "1m",
            Sets("server.http.rate_limit.window", json!("1m")),
        ),
    ];
    check::<city_events_event::EventConfig>(
        city_events_event::service(),
        "event-service",
        rows([common(), jwt(), rabbit(), http_timeouts(), own]),
    )
    .await;
}
