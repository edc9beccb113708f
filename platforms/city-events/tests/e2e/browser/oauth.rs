use std::net::TcpListener;

use seaworthy_testkit::{
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::Value;

use super::app::BrowserApp;

const CLIENT: &str = "city-events";
const SECRET: &str = "bm8gc2hpcCBpcyB3aXRob3V0IGEgaGFyYm91cg";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn provider_login_works_with_and_without_popup_auth_4() {
    let Some(modules) = required("SEAWORTHY_TEST_OIDC_PROVIDER") else {
        return;
    };
    // The provider needs the callback URL before the gateway starts.
    let gateway = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let callback = format!("http://{gateway}/api/auth/oauth/google/callback");
    let registrations = OidcRegistrations::new()
        .client(CLIENT, SECRET, &callback, &Value::Null)
        .account("ada", "ada@example.org", true)
        .default_account("ada");
    let provider = OidcProvider::start(modules, &registrations).unwrap();
    let settings = [
        format!("bff.server.http.addr={gateway}"),
        "bff.clients.auth.policies.attempt_timeout=30s".to_owned(),
        format!("auth.oauth.google.issuer={}", provider.issuer()),
        format!("auth.oauth.google.client_id={CLIENT}"),
        format!("auth.oauth.google.client_secret={SECRET}"),
        format!("auth.oauth.callback_url={callback}"),
        format!("auth.oauth.frontend_origin=http://{gateway}"),
        "auth.oauth.timeout=30s".to_owned(),
        "auth.clients.google.policies.attempt_timeout=20s".to_owned(),
    ];
    let Some(mut app) = BrowserApp::start_with(&settings).await else {
        return;
    };

    // The login runs in a popup, which sends the result to the page.
    let ada = app.chrome.window();
    app.go(&ada, "/login?next=/profile");
    app.chrome.evaluate(&ada, "globalThis.stayed = true");
    app.press(&ada, "Continue with Google");
    app.chrome
        .wait_for(&ada, "document.documentElement.dataset.session === 'in'");
    let stayed = app.chrome.evaluate(&ada, "globalThis.stayed");
    assert_eq!(stayed, true, "the page did not navigate");
    app.chrome
        .wait_for(&ada, "location.pathname === '/profile'");
    app.wait_for_text(&ada, "ada@example.org");
    // The user has no password, so the page does not ask for it.
    app.chrome.wait_for(
        &ada,
        "document.documentElement.dataset.hasPassword === 'no'",
    );

    // Without a popup the page redirects and comes back.
    let again = app.chrome.window();
    app.go(&again, "/api/auth/oauth/google/start?redirect_to=/profile");
    app.chrome
        .wait_for(&again, "location.pathname === '/profile'");
    app.chrome
        .wait_for(&again, "document.documentElement.dataset.session === 'in'");
    app.wait_for_text(&again, "ada@example.org");
    let stored = app.chrome.evaluate(&again, "sessionStorage.length");
    assert_eq!(stored, 0, "the page stores no token");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_offer_only_configured_providers_auth_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let window = app.chrome.window();
    for path in ["/login", "/register"] {
        app.go(&window, path);
        let offered = "fetch('/api/auth/oauth/providers').then(answer => answer.json()).then(answer => answer.data.providers.length)";
        assert_eq!(app.chrome.evaluate(&window, offered), 0);
        let shown = "[...document.querySelectorAll('[data-provider]')].filter(one => one.checkVisibility()).length";
        assert_eq!(app.chrome.evaluate(&window, shown), 0, "{path}");
    }
    app.stop().await;
}
