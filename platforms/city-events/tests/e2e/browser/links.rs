//! The pages of links in mails, which the e-mail service serves.

use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use super::app::BrowserApp;
use crate::client::PASSWORD;

impl BrowserApp {
    fn is_verified(&self, email: &str) -> bool {
        let body = json!({ "email": email, "password": PASSWORD }).to_string();
        let headers = [("content-type", "application/json")];
        let answer = request(self.gateway, "POST", "/api/auth/login", &headers, &body).unwrap();
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer["data"]["user"]["email_verified"].as_bool().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opened_link_verifies_nothing_without_button_auth_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let email = "ada@example.org";
    app.register("ada");
    let token = app.mailed_token(email, "Verify your email").await;
    let links = app.mailbox;
    let window = app.chrome.window();
    for (page, sent) in [
        (
            format!("http://{}/verify-email?token={token}", app.gateway),
            "/api/auth/verify",
        ),
        (
            format!("http://{links}/verify?token={token}"),
            "/api/verify",
        ),
    ] {
        app.chrome.open(&window, &page);
        app.wait_for_text(&window, "Press the button to verify your e-mail address.");
        let sent = format!(
            "performance.getEntriesByType('resource').some(one => one.name.includes('{sent}'))"
        );
        assert_eq!(app.chrome.evaluate(&window, &sent), false, "{page}");
        assert!(!app.is_verified(email), "{page}");
    }

    app.press(&window, "Verify my e-mail");
    app.wait_for_text(&window, "Your e-mail address is verified.");
    assert!(app.is_verified(email));
    let button = "document.querySelector('button').checkVisibility()";
    assert_eq!(app.chrome.evaluate(&window, button), false);

    // A link works once. The button stays for another attempt.
    app.chrome
        .open(&window, &format!("http://{links}/verify?token={token}"));
    app.press(&window, "Verify my e-mail");
    app.wait_for_text(&window, "The request failed:");
    assert_eq!(app.chrome.evaluate(&window, button), true);
    let markup = "(() => { try { document.body.innerHTML = '<b></b>'; return 'done'; } catch (error) { return error.name; } })()";
    assert_eq!(app.chrome.evaluate(&window, markup), "TypeError");
    app.stop().await;
}
