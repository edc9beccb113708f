use seaworthy::config::Profile;
use serde_json::json;

use super::{
    Effect::{self, Fails, Sets},
    POSTGRES, check, common, http_timeouts, jwt, rabbit, rows,
};

#[tokio::test]
async fn auth_reads_or_rejects_legacy_variables_conf_1() {
    let url = |key| Sets(key, json!("https://e.example/?token="));
    let own = vec![
        ("APP_ENV", "prod", Effect::Profile(Profile::Production)),
        ("ENV", "dev", Effect::Profile(Profile::Development)),
        (
            "HTTP_ADDR",
            ":8087",
            Sets("server.http.addr", json!(":8087")),
        ),
        ("DB_ADDR", POSTGRES, Sets("database.url", json!(POSTGRES))),
        (
            "INTERNAL_SECRET_KEY",
            "secret",
            Sets("internal_secret", json!("***")),
        ),
        (
            "ACCESS_TOKEN_TTL",
            "16m",
            Sets("access_token_ttl", json!("16m")),
        ),
        (
            "REFRESH_TOKEN_TTL",
            "167h",
            Sets("sessions.idle_timeout", json!("167h")),
        ),
        (
            "VERIFY_EMAIL_BASE_URL",
            "https://e.example/?token=",
            url("verify_email.base_url"),
        ),
        (
            "PASSWORD_RESET_BASE_URL",
            "https://e.example/?token=",
            url("password_reset.base_url"),
        ),
        (
            "VERIFY_EMAIL_TOKEN_TTL",
            "23h",
            Sets("verify_email.ttl", json!("23h")),
        ),
        (
            "PASSWORD_RESET_TOKEN_TTL",
            "29m",
            Sets("password_reset.ttl", json!("29m")),
        ),
        (
            "REDIS_ADDR",
            "redis:6379",
            Sets("rate_limit.redis.address", json!("***")),
        ),
        (
            "REDIS_PASSWORD",
            "secret",
            Sets("rate_limit.redis.password", json!("***")),
        ),
        ("REDIS_DB", "3", Sets("rate_limit.redis.database", json!(3))),
        ("TOKEN_VERSION_CACHE_TTL", "10m", Fails("remove it")),
        (
            "GOOGLE_CLIENT_ID",
            "city",
            Sets("oauth.google.client_id", json!("city")),
        ),
        (
            "GOOGLE_CLIENT_SECRET",
            "secret",
            Sets("oauth.google.client_secret", json!("***")),
        ),
        (
            "OAUTH_STATE_TTL",
            "9m",
            Sets("oauth.state_ttl", json!("9m")),
        ),
        (
            "OAUTH_CALLBACK_URL",
            "https://e.example/c",
            Sets("oauth.callback_url", json!("https://e.example/c")),
        ),
        (
            "FRONTEND_ORIGIN",
            "https://e.example",
            Sets("oauth.frontend_origin", json!("https://e.example")),
        ),
        (
            "FRONTEND_ORIGIN",
            "https://e.example",
            Sets(
                "server.http.cors.allowed_origins[0]",
                json!("https://e.example"),
            ),
        ),
        (
            "ALLOWED_REDIRECTS",
            "/,/me",
            Sets("oauth.allowed_redirects[1]", json!("/me")),
        ),
        (
            "CDN_BASE_URL",
            "https://cdn.example",
            Sets("cdn_base_url", json!("https://cdn.example")),
        ),
    ];
    check::<city_events_auth::AuthConfig>(
        city_events_auth::service(),
        "auth-service",
        rows([common(), jwt(), rabbit(), http_timeouts(), own]),
    )
    .await;
}
