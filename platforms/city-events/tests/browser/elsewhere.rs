use std::net::TcpListener;

use seaworthy_testkit::{
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::Value;

use crate::Town;

const CLIENT: &str = "city-events";
const SECRET: &str = "bm8gc2hpcCBpcyB3aXRob3V0IGEgaGFyYm91cg";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_by_a_provider_in_a_window_and_without_one_auth_4() {
    let Some(modules) = required("SEAWORTHY_TEST_OIDC_PROVIDER") else {
        return;
    };
    // The provider has to know the door before there is one.
    let door = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let callback = format!("http://{door}/api/auth/oauth/google/callback");
    let registrations = OidcRegistrations::new()
        .client(CLIENT, SECRET, &callback, &Value::Null)
        .account("ada", "ada@example.org", true)
        .usual("ada");
    let provider = OidcProvider::start(modules, &registrations).unwrap();
    let set = [
        format!("bff.server.http.addr={door}"),
        "bff.clients.auth.policies.attempt_timeout=30s".to_owned(),
        format!("auth.oauth.google.issuer={}", provider.issuer()),
        format!("auth.oauth.google.client_id={CLIENT}"),
        format!("auth.oauth.google.client_secret={SECRET}"),
        format!("auth.oauth.callback_url={callback}"),
        format!("auth.oauth.frontend_origin=http://{door}"),
        "auth.oauth.timeout=30s".to_owned(),
        "auth.clients.google.policies.attempt_timeout=20s".to_owned(),
    ];
    let Some(mut town) = Town::open_with(&set).await else {
        return;
    };

    // A window opens, and tells the page how it went.
    let ada = town.chrome.window();
    town.go(&ada, "/login?next=/profile");
    town.chrome.look(&ada, "globalThis.stayed = true");
    town.press(&ada, "Continue with Google");
    town.chrome
        .until(&ada, "document.documentElement.dataset.session === 'in'");
    let stayed = town.chrome.look(&ada, "globalThis.stayed");
    assert_eq!(stayed, true, "the page was never left");
    town.chrome.until(&ada, "location.pathname === '/profile'");
    town.reads(&ada, "ada@example.org");
    // Who has no password is asked for none.
    town.chrome.until(
        &ada,
        "document.documentElement.dataset.hasPassword === 'no'",
    );

    // A browser that opens no window goes there and comes back with what the last page kept.
    let again = town.chrome.window();
    town.go(&again, "/api/auth/oauth/google/start?redirect_to=/profile");
    town.chrome
        .until(&again, "location.pathname === '/profile'");
    town.chrome
        .until(&again, "document.documentElement.dataset.session === 'in'");
    town.reads(&again, "ada@example.org");
    let left = town.chrome.look(&again, "sessionStorage.length");
    assert_eq!(left, 0, "a token is kept nowhere");
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_offered_that_is_not_set_up_auth_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let window = town.chrome.window();
    for path in ["/login", "/register"] {
        town.go(&window, path);
        let asked = "fetch('/api/auth/oauth/providers').then(answer => answer.json()).then(answer => answer.data.providers.length)";
        assert_eq!(town.chrome.look(&window, asked), 0);
        let shown = "[...document.querySelectorAll('[data-provider]')].filter(one => one.checkVisibility()).length";
        assert_eq!(town.chrome.look(&window, shown), 0, "{path}");
    }
    town.platform.stop().await;
}
