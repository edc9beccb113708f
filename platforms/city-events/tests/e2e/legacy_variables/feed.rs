use seaworthy::config::Profile;
use serde_json::json;

use super::{
    Effect::{self, Accepts, Sets},
    POSTGRES, check, common, jwt, rabbit, rows,
};

#[tokio::test]
async fn feed_reads_or_rejects_legacy_variables_conf_1() {
    let mut tokens = jwt();
    tokens.truncate(1);
    let own = vec![
        ("APP_ENV", "test", Effect::Profile(Profile::Test)),
        (
            "HTTP_ADDR",
            ":8084",
            Sets("server.http.addr", json!(":8084")),
        ),
        ("DB_ADDR", POSTGRES, Sets("database.url", json!(POSTGRES))),
        (
            "REDIS_ADDR",
            "redis:6379",
            Sets("tracking.redis.address", json!("***")),
        ),
        (
            "ANON_COOKIE_SECRET",
            "secret",
            Sets("anonymous.secret", json!("***")),
        ),
        ("ANON_COOKIE_TTL_DAYS", "365", Accepts("30", "365 days")),
        (
            "RATE_LIMIT_PER_ACTOR",
            "7",
            Sets("tracking.requests_per_actor", json!(7)),
        ),
        (
            "RATE_LIMIT_PER_IP",
            "70",
            Sets("tracking.requests_per_ip", json!(70)),
        ),
    ];
    check::<city_events_feed::FeedConfig>(
        city_events_feed::service(),
        "feed-service",
        rows([common(), tokens, rabbit(), own]),
    )
    .await;
}
