//! Login by an OpenID Connect provider.

use seaworthy_testkit::{
    http::request,
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::{Value, json};

use crate::app::TestApp;

const CLIENT: &str = "city-events";
const SECRET: &str = "dGhlIGZvZyBoYXMgbGlmdGVkIGF0IGxhc3Q";
const CALLBACK: &str = "http://127.0.0.1:9/api/auth/oauth/google/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_passes_redirects_of_login_to_the_client_auth_4() {
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
    let app = TestApp::start_with(&[
        &issuer,
        &id,
        &secret,
        &callback,
        "auth.oauth.timeout=30s",
        "auth.clients.google.policies.attempt_timeout=20s",
        // The gateway must pass redirects on even if its client may follow them.
        "bff.clients.auth.policies.attempt_timeout=30s",
        "bff.clients.auth.redirects.max_redirects=5",
        "bff.clients.auth.redirects.allow_other_origins=true",
    ])
    .await;
    let get = |path: &str, cookie: &str| {
        request(app.address, "GET", path, &[("cookie", cookie)], "").unwrap()
    };
    let offered = get("/api/auth/oauth/providers", "a=b");
    let offered: Value = serde_json::from_str(&offered.body).unwrap();
    assert_eq!(offered, json!({ "data": { "providers": ["google"] } }));

    let start = get("/api/auth/oauth/google/start?redirect_to=/events", "a=b");
    assert_eq!(start.status, 302, "{}", start.body);
    let location = start.header("location").unwrap();
    assert!(location.starts_with(&provider.issuer()) && location.contains("&state="));
    let cookie = start.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();

    let back = provider.log_in(location, "ada").unwrap();
    let path = back.strip_prefix("http://127.0.0.1:9").unwrap();
    let callback = get(path, cookie);
    assert_eq!(callback.status, 200, "{}", callback.body);
    assert!(callback.body.contains("oauth_success") && callback.body.contains("ada@example.org"));
    let values = |name: &str| -> Vec<&str> {
        let all = callback.headers.iter();
        all.filter(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    let session = values("set-cookie");
    assert!(
        session.iter().any(|one| one.starts_with("refresh_token=")),
        "{session:?}"
    );
    // A browser enforces all policies, so a second one would block the script.
    let policies = values("content-security-policy");
    assert!(
        policies.len() == 1 && policies[0].contains("script-src 'sha256-"),
        "{policies:?}"
    );
    assert_eq!(values("cross-origin-opener-policy"), ["unsafe-none"]);
    assert_eq!(values("cache-control"), ["no-store"]);

    let replayed = get(path, cookie);
    assert_eq!(replayed.status, 400);
    assert!(replayed.body.contains("invalid or expired oauth state"));
    app.stop().await;
}
