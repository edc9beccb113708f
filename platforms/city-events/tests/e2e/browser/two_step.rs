use seaworthy_testkit::{http::request, totp};
use serde_json::{Value, json};

use super::{app::BrowserApp, chrome::Window};
use crate::client::PASSWORD;

/// Verifies the e-mail address of ada.
async fn verify(app: &mut BrowserApp, ada: &Window) {
    let token = app
        .mailed_token("ada@example.org", "Verify your email")
        .await;
    app.go(ada, &format!("/verify-email?token={token}"));
    app.press(ada, "Verify my e-mail");
    app.wait_for_text(ada, "Your e-mail address is verified.");
}

/// Turns on two-step sign-in. Returns the secret and the recovery codes.
fn set_up(app: &mut BrowserApp, ada: &Window) -> (String, Vec<String>) {
    app.go(ada, "/two-step");
    app.wait_for_text(ada, "You need an application for codes");
    app.chrome.fill(ada, "password", PASSWORD);
    app.press(ada, "Set up");
    app.wait_for_text(ada, "Scan the QR code");
    // The policy of the page allows the picture, and the browser has drawn it.
    app.chrome
        .wait_for(ada, "document.querySelector('[data-qr]').naturalWidth > 0");
    app.chrome.screenshot(ada, "two-step-setup");
    let secret = app
        .chrome
        .evaluate(ada, "document.querySelector('[data-key]').textContent");
    let secret = secret.as_str().unwrap().to_owned();
    app.chrome.fill(ada, "totp_code", &totp::code(&secret, 0));
    app.press(ada, "Turn on");
    app.wait_for_text(ada, "Your recovery codes");
    app.chrome.screenshot(ada, "two-step-codes");
    let codes = app.chrome.evaluate(
        ada,
        "[...document.querySelectorAll('[data-codes] li')].map(one => one.textContent).join()",
    );
    let codes: Vec<_> = codes
        .as_str()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    (secret, codes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_sets_up_and_removes_second_factor_auth_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let ada = app.register("ada");
    app.go(&ada, "/profile");
    app.press(&ada, "Set up two-step sign-in");
    app.wait_for_text(&ada, "You need an application for codes");
    app.chrome.fill(&ada, "password", PASSWORD);
    app.press(&ada, "Set up");
    app.wait_for_text(&ada, "Verify your e-mail address first.");
    verify(&mut app, &ada).await;

    let (secret, codes) = set_up(&mut app, &ada);

    // Another browser needs the code.
    let second = app.chrome.window();
    app.go(&second, "/login");
    app.chrome.fill(&second, "email", "ada@example.org");
    app.chrome.fill(&second, "password", PASSWORD);
    app.press(&second, "Sign in");
    app.wait_for_text(&second, "The six digits of your authenticator");
    app.chrome.screenshot(&second, "two-step-login");
    app.chrome.fill(&second, "totp_code", "000000");
    app.press(&second, "Sign in");
    app.wait_for_text(&second, "The code is wrong");
    app.chrome
        .fill(&second, "totp_code", &totp::code(&secret, 1));
    app.press(&second, "Sign in");
    app.chrome
        .wait_for(&second, "document.documentElement.dataset.session === 'in'");

    app.go(&second, "/two-step");
    app.wait_for_text(&second, "Two-step sign-in is on");
    app.chrome.fill(&second, "password", PASSWORD);
    app.chrome.fill(&second, "totp_code", &codes[0]);
    app.press(&second, "Turn off");
    app.wait_for_text(&second, "Two-step sign-in is off.");
    let third = app.chrome.window();
    app.sign_in(&third, "ada@example.org", PASSWORD);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn admin_resets_second_factor_on_page_auth_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let ada = app.register("ada");
    verify(&mut app, &ada).await;
    let (_, codes) = set_up(&mut app, &ada);
    let login = json!({
        "email": "ada@example.org", "password": PASSWORD, "totp_code": codes[0],
    });
    let headers = [("content-type", "application/json")];
    let login = login.to_string();
    let answer = request(app.gateway, "POST", "/api/auth/login", &headers, &login).unwrap();
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    let id = answer["data"]["user"]["id"].as_str().unwrap().to_owned();

    let moderator = app.chrome.window();
    let password = city_events_auth::SEED_PASSWORD;
    app.sign_in(&moderator, "moderator@example.com", password);
    app.go(&moderator, "/moderation");
    app.wait_for_text(&moderator, "Unban");
    let buttons = "document.querySelectorAll('button[value=reset]').length";
    assert_eq!(app.chrome.evaluate(&moderator, buttons), 0);

    let admin = app.chrome.window();
    app.sign_in(&admin, "admin@example.com", password);
    app.go(&admin, "/moderation");
    app.wait_for_text(&admin, "Reset two-step sign-in");
    app.chrome.fill(&admin, "user_id", &id);
    app.press(&admin, "Reset two-step sign-in");
    app.wait_for_text(&admin, "Two-step sign-in of the user is off.");
    app.chrome.screenshot(&admin, "two-step-reset");
    let third = app.chrome.window();
    app.sign_in(&third, "ada@example.org", PASSWORD);
    app.stop().await;
}
