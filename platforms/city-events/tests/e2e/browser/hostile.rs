//! Text of users in paths, queries and rows stays text on every page. The script of the pages
//! does not use it as markup, form or address.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
};

use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{app::BrowserApp, chrome::Window};
use crate::client::PASSWORD;

/// Markup that ends an attribute and an element. It needs no escape in JSON but for one quote.
const MARKUP: &str = "'\"><b class=planted></b><form class=planted data-form=role>";
/// The same markup as one segment of a path or one value of a query.
const ENCODED: &str =
    "'%22%3E%3Cb%20class=planted%3E%3C%2Fb%3E%3Cform%20class=planted%20data-form=role%3E";
const PLANTED: &str = "document.querySelectorAll('.planted').length";
/// True after every fragment of the page is loaded.
const LOADED: &str = "[...document.querySelectorAll('[data-fragment]')].every(piece => !piece.dataset.loading && performance.getEntriesByType('resource').some(one => one.name === new URL(piece.dataset.fragment, location.origin).href))";
const REQUESTED_PATHS: &str =
    "performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)";

/// A user of the API, with an access token.
struct Author {
    email: String,
    bearer: String,
}

impl Author {
    fn register(app: &BrowserApp, name: &str, shown: &str) -> Self {
        let email = format!("{name}@example.org");
        let body = json!({ "email": email, "password": PASSWORD, "name": shown });
        let answer = post(app.gateway, "/api/auth/register", None, &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token = json_of(&answer)["data"]["tokens"]["access_token"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        Self { email, bearer }
    }

    fn publish(&self, app: &BrowserApp, text: &str, description: &str) -> String {
        let day = chrono::Duration::days(1);
        let start = chrono::Utc::now() + day;
        let body = json!({
            "title": text, "description": description, "city": text, "category": text,
            "start_time": start, "end_time": start + day, "capacity": 5, "cover_image_ids": [text],
        });
        let answer = post(app.gateway, "/api/events", Some(&self.bearer), &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let id = json_of(&answer)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/events/{id}/publish");
        let answer = post(app.gateway, &path, Some(&self.bearer), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        id
    }
}

fn post(gateway: SocketAddr, path: &str, bearer: Option<&str>, body: &Value) -> HttpResponse {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.map(|bearer| ("authorization", bearer)));
    request(gateway, "POST", path, &headers, &body.to_string()).unwrap()
}

fn json_of(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

impl BrowserApp {
    fn admin(&mut self) -> Window {
        let window = self.chrome.window();
        let password = city_events_auth::SEED_PASSWORD;
        self.sign_in(&window, "admin@example.com", password);
        window
    }

    /// Opens a page and waits until it has loaded completely.
    fn load(&mut self, window: &Window, path: &str) {
        self.go(window, path);
        self.chrome.wait_for(window, LOADED);
    }

    fn assert_not_planted(&mut self, window: &Window, path: &str) {
        let planted = self.chrome.evaluate(window, PLANTED);
        assert_eq!(planted, 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_paths_and_queries_add_no_markup_sec_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let author = Author::register(&app, "mallory", "Mallory");
    // A page that inserts the JSON of the API would contain this markup.
    let role = format!("{MARKUP}<input name=user_id value={}>", Uuid::nil());
    let event = author.publish(&app, "Come", &role);
    let admin = app.admin();
    let traversal = format!("..%2F..%2Fapi%2Fevents%2F{event}%2Fview");
    for path in [
        format!("/events/{traversal}"),
        format!("/events/{traversal}%3Fa="),
        format!("/events/{traversal}%23/people"),
        format!("/events/{traversal}%23/edit"),
        format!("/events/..%5C..%5Capi%5Cevents%5C{event}%5Cview"),
        format!("/events/%2e%2e%2F%2e%2e%2Fapi%2Fevents%2F{event}%2Fview"),
        format!("/events/{ENCODED}"),
        format!("/events/{ENCODED}/people"),
        format!("/events/{ENCODED}/edit"),
        format!("/events/{event}/people?list={ENCODED}&cursor={ENCODED}"),
        format!("/?q={ENCODED}&city={ENCODED}&category={ENCODED}&type={ENCODED}"),
        format!("/?cursor={ENCODED}"),
        format!("/?type=personalized&q={ENCODED}"),
        format!("/me/events?status={ENCODED}&cursor={ENCODED}"),
        format!("/me/joins?status={ENCODED}&cursor={ENCODED}"),
        format!("/moderation?q={ENCODED}&cursor={ENCODED}"),
        format!("/login?next={ENCODED}"),
        format!("/register?next={ENCODED}"),
        format!("/verify-email?token={ENCODED}"),
        format!("/reset-password?token={ENCODED}"),
    ] {
        app.load(&admin, &path);
        app.assert_not_planted(&admin, &path);
        let requested = app.chrome.evaluate(&admin, REQUESTED_PATHS);
        let requested = requested.as_array().unwrap();
        assert!(!requested.is_empty(), "{path}");
        for requested in requested {
            let requested = requested.as_str().unwrap();
            let is_expected = ["/assets/", "/fragments/", "/api/auth/", "/favicon.ico"]
                .iter()
                .any(|prefix| requested.starts_with(prefix));
            assert!(is_expected, "{path} requested {requested}");
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_stored_text_stays_text_on_all_pages_sec_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let host = Author::register(&app, "mallory", MARKUP);
    let guest = Author::register(&app, "trudy", MARKUP);
    let event = host.publish(&app, MARKUP, MARKUP);
    let path = format!("/events/{event}");

    let window = app.chrome.window();
    app.sign_in(&window, &guest.email, PASSWORD);
    app.join(&window, &path, "You're in.");
    app.load(&window, "/me/joins");
    app.wait_for_text(&window, MARKUP);
    app.assert_not_planted(&window, "/me/joins");

    let window = app.chrome.window();
    app.sign_in(&window, &host.email, PASSWORD);
    for path in ["/", "/me/events", &path, &format!("{path}/people")] {
        app.load(&window, path);
        app.wait_for_text(&window, MARKUP);
        app.assert_not_planted(&window, path);
    }
    app.load(&window, &format!("{path}/edit"));
    let fields = "['title', 'description', 'city', 'category'].map(name => document.querySelector(`main [name=${name}]`).value)";
    let fields = app.chrome.evaluate(&window, fields);
    assert_eq!(fields, json!([MARKUP, MARKUP, MARKUP, MARKUP]));
    app.assert_not_planted(&window, "edit");

    let admin = app.admin();
    app.load(&admin, "/moderation");
    app.wait_for_text(&admin, MARKUP);
    app.assert_not_planted(&admin, "/moderation");
    app.stop().await;
}

/// A foreign site that counts its requests.
struct OtherSite(TcpListener);

impl OtherSite {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn origin(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn assert_no_request(&self) {
        let accepted = self.0.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(accepted, Err(ErrorKind::WouldBlock));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_ignores_planted_markup_forms_and_urls_sec_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    let author = Author::register(&app, "mallory", "Mallory");
    let event = author.publish(&app, "Come", MARKUP);
    let other = OtherSite::start();
    let origin = other.origin();
    let admin = app.admin();
    app.load(&admin, "/");

    // Only the policy of the script may turn text into markup.
    for sink in [
        "document.body.innerHTML = '<b></b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b></b>')",
        "new DOMParser().parseFromString('<b></b>', 'text/html')",
        "trustedTypes.createPolicy('another', {})",
        "trustedTypes.createPolicy('city-events', {})",
    ] {
        let attempt = format!(
            "(() => {{ try {{ {sink}; return 'done'; }} catch (error) {{ return error.name; }} }})()"
        );
        assert_eq!(app.chrome.evaluate(&admin, &attempt), "TypeError", "{sink}");
    }

    // The script does not send forms without a name.
    for method in ["get", "post"] {
        let form = format!(
            "(() => {{ const form = document.createElement('form'); form.action = '{origin}/take'; form.method = '{method}'; const field = document.createElement('input'); field.name = 'password'; field.value = 'typed'; form.append(field); document.getElementById('main').append(form); form.requestSubmit(); return true; }})()"
        );
        assert_eq!(app.chrome.evaluate(&admin, &form), true);
        app.press(&admin, "My events");
        app.wait_for_text(&admin, "Events that you host.");
        other.assert_no_request();
        app.load(&admin, "/");
    }

    // A button to another site sends no token there.
    let button = format!(
        "(() => {{ const button = document.createElement('button'); button.dataset.post = '{origin}/take'; document.getElementById('main').append(button); button.click(); return true; }})()"
    );
    assert_eq!(app.chrome.evaluate(&admin, &button), true);
    app.wait_for_text(&admin, "No response.");
    other.assert_no_request();

    // The script loads only fragments, in any spelling of their address.
    let addresses = json!([
        format!("/api/events/{event}/view"),
        format!("/fragments/../api/events/{event}/view"),
        format!("/fragments/%2e%2e/api/events/{event}/view"),
        format!("/fragments\\..\\api\\events\\{event}\\view"),
        format!("/fragments/events/..%2F..%2F..%2Fapi%2Fevents%2F{event}%2Fview"),
        format!("{origin}/fragments/feed"),
        format!("//{}/fragments/feed", origin.trim_start_matches("http://")),
        "/\t/fragments/feed",
        "data:text/html,<b class=planted></b>",
        "/assets/app.js",
        "/openapi.json",
        "/fragments/feed.json",
    ]);
    let plant = format!(
        "{addresses}.map(address => {{ const piece = document.createElement('div'); piece.dataset.fragment = address; piece.className = 'piece'; document.body.append(piece); }}).length"
    );
    let count = app.chrome.evaluate(&admin, &plant);
    app.chrome
        .evaluate(&admin, "dispatchEvent(new PopStateEvent('popstate'))");
    // The last address is not a fragment, and the server responds with a problem document.
    app.chrome.wait_for(
        &admin,
        &format!("[...document.querySelectorAll('.piece')].filter(piece => piece.innerText).length === {count}"),
    );
    let shown = "[...document.querySelectorAll('.piece')].slice(0, -1).every(piece => piece.innerText === 'This part of the page cannot be shown.')";
    assert_eq!(app.chrome.evaluate(&admin, shown), true);
    app.assert_not_planted(&admin, "fragments");
    other.assert_no_request();

    // The page of the API document has a policy that allows no markup at all.
    app.go(&admin, "/docs");
    app.wait_for_text(&admin, "/api/events/{id}/join");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_stays_on_the_site_with_hostile_next_auth_4() {
    let Some(mut app) = BrowserApp::start().await else {
        return;
    };
    Author::register(&app, "ada", "Ada");
    let other = OtherSite::start();
    let host = other.origin().trim_start_matches("http:").to_owned();
    let (_, authority) = host.split_at(2);
    for (next, end) in [
        (format!("/%09/{authority}/"), "/"),
        (format!("/%0D%0A/{authority}/"), "/"),
        (format!("%2F%2F{authority}/"), "/"),
        (format!("/%5C{authority}/"), "/"),
        (format!("http:{host}/"), "/"),
        (format!("/a/..//{authority}/"), "/"),
        ("javascript:alert(1)".to_owned(), "/"),
        ("/me/joins?status=active".to_owned(), "/me/joins"),
    ] {
        let window = app.chrome.window();
        app.go(&window, &format!("/login?next={next}"));
        app.chrome.fill(&window, "email", "ada@example.org");
        app.chrome.fill(&window, "password", PASSWORD);
        app.press(&window, "Sign in");
        let is_there = format!(
            "location.host === '{}' && location.pathname === '{end}' && document.documentElement.dataset.session === 'in'",
            app.gateway
        );
        app.chrome.wait_for(&window, &is_there);
        other.assert_no_request();
    }
    app.stop().await;
}
