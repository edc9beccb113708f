//! Signing in by a provider, by way of the door.

use seaworthy_testkit::{
    http::request,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::{Value, json};

use crate::house::House;

const CLIENT: &str = "city-events";
const SECRET: &str = "dGhlIGZvZyBoYXMgbGlmdGVkIGF0IGxhc3Q";
const CALLBACK: &str = "http://127.0.0.1:9/api/auth/oauth/google/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_leads_to_the_provider_and_follows_nobody_there_auth_4() {
    let Some(modules) = required("SEAWORTHY_TEST_OIDC_PROVIDER") else {
        return;
    };
    let registrations = OidcRegistrations::new()
        .client(CLIENT, SECRET, CALLBACK, &Value::Null)
        .account("ada", "ada@example.org", true);
    let provider = OidcProvider::start(modules, &registrations).unwrap();
    let issuer = format!("auth.oauth.google.issuer={}", provider.issuer());
    let id = format!("auth.oauth.google.client_id={CLIENT}");
    let secret = format!("auth.oauth.google.client_secret={SECRET}");
    let callback = format!("auth.oauth.callback_url={CALLBACK}");
    let house = House::open_with(&[
        &issuer,
        &id,
        &secret,
        &callback,
        "auth.oauth.timeout=30s",
        "auth.clients.google.policies.attempt_timeout=20s",
        // As a production has it, where nothing is said of redirects.
        "bff.clients.auth.policies.attempt_timeout=30s",
        "bff.clients.auth.redirects.max_redirects=5",
        "bff.clients.auth.redirects.allow_other_origins=true",
    ])
    .await;
    let get = |path: &str, cookie: &str| {
        request(house.address, "GET", path, &[("cookie", cookie)], "").unwrap()
    };
    let offered = get("/api/auth/oauth/providers", "a=b");
    let offered: Value = serde_json::from_str(&offered.body).unwrap();
    assert_eq!(offered, json!({ "data": { "providers": ["google"] } }));

    let begun = get("/api/auth/oauth/google/start?redirect_to=/events", "a=b");
    assert_eq!(begun.status, 302, "{}", begun.body);
    let location = begun.header("location").unwrap();
    assert!(location.starts_with(&provider.issuer()) && location.contains("&state="));
    let cookie = begun.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();

    let back = provider.log_in(location, "ada").unwrap();
    let path = back.strip_prefix("http://127.0.0.1:9").unwrap();
    let ended = get(path, cookie);
    assert_eq!(ended.status, 200, "{}", ended.body);
    assert!(ended.body.contains("oauth_success") && ended.body.contains("ada@example.org"));
    let of = |name: &str| -> Vec<&str> {
        let all = ended.headers.iter();
        all.filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    let session = of("set-cookie");
    assert!(
        session.iter().any(|one| one.starts_with("refresh_token=")),
        "{session:?}"
    );
    // Every one that is sent is obeyed by a browser: one more would stop the script.
    let policies = of("content-security-policy");
    assert!(
        policies.len() == 1 && policies[0].contains("script-src 'sha256-"),
        "{policies:?}"
    );
    assert_eq!(of("cross-origin-opener-policy"), ["unsafe-none"]);
    assert_eq!(of("cache-control"), ["no-store"]);

    let replayed = get(path, cookie);
    assert_eq!(replayed.status, 400);
    assert!(replayed.body.contains("invalid or expired oauth state"));
    house.platform.stop().await;
}
