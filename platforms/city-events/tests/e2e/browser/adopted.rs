//! The pages, and the requests of the web app, on an adopted legacy deployment. The web app itself
//! is not available, so `web_app.js` sends its requests.

use chrono::{Duration, Utc};
use seaworthy_testkit::requirement::required;
use serde_json::{Value, json};

use super::chrome::{Chrome, Window};
use crate::{
    client::{self, new_email},
    distributed::{
        adopted::{EVENT, PASSWORD, UPLOAD, start_adopted},
        cluster::Cluster,
    },
};

const WEB_APP: &str = include_str!("web_app.js");

/// A window that sends the requests of the web app.
struct WebApp<'browser> {
    chrome: &'browser mut Chrome,
    window: Window,
}

impl<'browser> WebApp<'browser> {
    /// Loads `web_app.js` beside a page of the gateway whose own script does not run.
    fn open(chrome: &'browser mut Chrome, cluster: &Cluster) -> Self {
        let window = chrome.window();
        chrome.disable_scripts(&window);
        chrome.open_plain(&window, &format!("http://{}/login", cluster.address));
        chrome.evaluate(&window, &format!("{WEB_APP}; true"));
        Self { chrome, window }
    }

    /// Returns the value of a call, or its error as `{status, code, message}`.
    fn attempt(&mut self, call: &str) -> Result<Value, Value> {
        let outcome = format!(
            "(async () => webApp.{call})().then(value => ({{ value }}), error => ({{ error: error instanceof Error ? String(error) : error }}))"
        );
        let mut outcome = self.chrome.evaluate(&self.window, &outcome);
        match outcome["error"].take() {
            Value::Null => Ok(outcome["value"].take()),
            error => Err(error),
        }
    }

    fn call(&mut self, call: &str) -> Value {
        self.attempt(call)
            .unwrap_or_else(|error| panic!("{call}: {error}"))
    }

    fn wait_for(&mut self, condition: &str) {
        let condition = format!("(async () => {condition})().catch(() => false)");
        self.chrome.wait_for(&self.window, &condition);
    }
}

fn sign_in(email: &str) -> String {
    format!("signIn('{email}', '{PASSWORD}')")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_app_requests_work_on_adopted_deployment_data_2() {
    let Some(browser) = required("SEAWORTHY_TEST_CHROMIUM") else {
        return;
    };
    let Some(cluster) = start_adopted().await else {
        return;
    };
    let mut chrome = Chrome::start(&browser);
    let mut app = WebApp::open(&mut chrome, &cluster);

    // Users of the legacy deployment.
    assert_eq!(app.call("start()"), Value::Null);
    let locked = app.attempt(&sign_in("locked@example.org")).unwrap_err();
    assert_eq!(locked["code"], "invalid_credentials", "{locked}");
    let ada = app.call(&sign_in("ada@example.org"));
    assert_eq!(ada["role"], "admin", "{ada}");
    assert_eq!(ada["email_verified"], true, "{ada}");
    assert_eq!(ada["showsPasswordForm"], true, "{ada}");

    // Their data.
    app.wait_for(&format!(
        "(await webApp.feed('trending')).some(card => card.id === '{EVENT}')"
    ));
    for feed in ["personalized", "latest"] {
        let cards = app.call(&format!("feed('{feed}')"));
        assert!(cards.to_string().contains(EVENT), "{feed}: {cards}");
    }
    let view = app.call(&format!("view('{EVENT}')"));
    assert_eq!(view["title"], "A concert");
    assert_eq!(view["participation"], "active", "{view}");
    assert_eq!(view["actions"]["can_cancel"], true, "{view}");
    let joins = app.call("myJoins()");
    assert!(joins.to_string().contains(EVENT), "{joins}");
    let picture = app.call(&format!("picture('{UPLOAD}')"));
    assert_eq!(picture["status"], "READY", "{picture}");
    let url = picture["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("{UPLOAD}_512.jpg")), "{url}");

    // They leave, join again, and create events.
    assert_eq!(app.call(&format!("cancel('{EVENT}')")), "canceled");
    let view = app.call(&format!("view('{EVENT}')"));
    assert_eq!(view["actions"]["can_join"], true, "{view}");
    let again = app.call(&format!("join('{EVENT}')"));
    assert!(["active", "waitlisted"].contains(&again.as_str().unwrap()));
    let start = Utc::now() + Duration::hours(30);
    let event = json!({
        "title": "After the adoption", "description": "Words", "city": "Berlin", "category": "Music",
        "start_time": start, "end_time": start + Duration::hours(2), "capacity": 5,
    });
    let event = app.call(&format!("publish({event})"));
    assert_eq!(event["status"], "published");
    let id = event["id"].as_str().unwrap().to_owned();
    let own = app.call("myEvents()");
    assert!(own.to_string().contains(&id), "{own}");
    let view = app.call(&format!("view('{id}')"));
    assert_eq!(view["reason"], "is_organizer");

    // Calls with an expired token refresh it once, and are repeated.
    app.call("spoilToken()");
    let before = app.call("sent.length").as_u64().unwrap();
    app.wait_for("(await Promise.all([webApp.myJoins(), webApp.myEvents()])).length === 2");
    let sent = app.call(&format!("sent.slice({before})"));
    let sent: Vec<_> = sent.as_array().unwrap().iter().collect();
    let is_refresh = |call: &&&Value| **call == "POST /auth/refresh 200";
    assert_eq!(sent.iter().filter(is_refresh).count(), 1, "{sent:?}");
    assert_ne!(app.call("start()"), Value::Null);
    app.call("signOut()");
    assert_eq!(app.call("start()"), Value::Null);

    // A new user joins the new event, after the verification of the address.
    let email = new_email("new");
    app.call(&format!("register('{email}', '{}')", client::PASSWORD));
    let mail = cluster.mail_to(&email).await;
    let (_, token) = mail.split_once("token=").unwrap();
    let is_end = |letter: char| !letter.is_ascii_alphanumeric() && !"-_.~%".contains(letter);
    let token = token.split(is_end).next().unwrap();
    let verified = app.call(&format!("verify('{token}')"));
    assert_eq!(verified["data"]["status"], "verified", "{verified}");
    app.wait_for(&format!("(await webApp.join('{id}')) === 'active'"));

    // The pages show the same.
    let page = chrome.window();
    let open = |chrome: &mut Chrome, path: &str| {
        chrome.open(&page, &format!("http://{}{path}", cluster.address));
    };
    open(&mut chrome, "/login");
    chrome.fill(&page, "email", "ada@example.org");
    chrome.fill(&page, "password", PASSWORD);
    chrome.press(&page, "Sign in");
    chrome.wait_for(&page, "document.documentElement.dataset.session === 'in'");
    open(&mut chrome, "/me/joins");
    chrome.wait_for_text(&page, "A concert");
    open(&mut chrome, &format!("/events/{id}"));
    chrome.wait_for_text(&page, "1 of 5 seats taken");
}
