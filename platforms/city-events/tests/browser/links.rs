//! Tests the pages of links in messages, which the email service serves.

use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::{PASSWORD, Town};

impl Town {
    fn is_verified(&self, email: &str) -> bool {
        let body = json!({ "email": email, "password": PASSWORD }).to_string();
        let headers = [("content-type", "application/json")];
        let answer = request(self.door, "POST", "/api/auth/login", &headers, &body).unwrap();
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        answer["data"]["user"]["email_verified"].as_bool().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opened_link_verifies_nothing_without_button_auth_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let email = "ada@example.org";
    town.register("ada");
    let token = town.token_in_the_mail(email, "Verify your email").await;
    let links = town.mailbox;
    let window = town.chrome.window();
    for (page, sent) in [
        (
            format!("http://{}/verify-email?token={token}", town.door),
            "/api/auth/verify",
        ),
        (
            format!("http://{links}/verify?token={token}"),
            "/api/verify",
        ),
    ] {
        town.chrome.open(&window, &page);
        town.reads(
            &window,
            "Press the button to show that this address is yours.",
        );
        let sent = format!(
            "performance.getEntriesByType('resource').some(one => one.name.includes('{sent}'))"
        );
        assert_eq!(town.chrome.look(&window, &sent), false, "{page}");
        assert!(!town.is_verified(email), "{page}");
    }

    town.press(&window, "Verify my e-mail");
    town.reads(&window, "Your e-mail address is verified.");
    assert!(town.is_verified(email));
    let button = "document.querySelector('button').checkVisibility()";
    assert_eq!(town.chrome.look(&window, button), false);

    // A link works once. The button stays for another attempt.
    town.chrome
        .open(&window, &format!("http://{links}/verify?token={token}"));
    town.press(&window, "Verify my e-mail");
    town.reads(&window, "This did not work:");
    assert_eq!(town.chrome.look(&window, button), true);
    let markup = "(() => { try { document.body.innerHTML = '<b></b>'; return 'done'; } catch (error) { return error.name; } })()";
    assert_eq!(town.chrome.look(&window, markup), "TypeError");
    town.platform.stop().await;
}
