//! Text of users in paths, queries and stored rows stays text on every page. The script of the
//! pages takes no markup, form or address from it.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
};

use seaworthy_testkit::http::{Answer, request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{PASSWORD, Town, chrome::Window};

/// Markup that ends an attribute and an element. It needs no escape in JSON but for one quote.
const MARKUP: &str = "'\"><b class=planted></b><form class=planted data-form=role>";
/// The same markup as one segment of a path or one value of a query.
const ENCODED: &str =
    "'%22%3E%3Cb%20class=planted%3E%3C%2Fb%3E%3Cform%20class=planted%20data-form=role%3E";
const PLANTED: &str = "document.querySelectorAll('.planted').length";
/// Every fragment of the page is loaded.
const SETTLED: &str = "[...document.querySelectorAll('[data-fragment]')].every(piece => !piece.dataset.asking && performance.getEntriesByType('resource').some(one => one.name === new URL(piece.dataset.fragment, location.origin).href))";
const ASKED: &str =
    "performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)";

/// A user of the API, with an access token.
struct Author {
    email: String,
    bearer: String,
}

impl Author {
    fn register(town: &Town, name: &str, shown: &str) -> Self {
        let email = format!("{name}@example.org");
        let body = json!({ "email": email, "password": PASSWORD, "name": shown });
        let answer = post(town.door, "/api/auth/register", None, &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token = json_of(&answer)["data"]["tokens"]["access_token"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        Self { email, bearer }
    }

    fn publish(&self, town: &Town, text: &str, description: &str) -> String {
        let day = chrono::Duration::days(1);
        let begins = chrono::Utc::now() + day;
        let body = json!({
            "title": text, "description": description, "city": text, "category": text,
            "start_time": begins, "end_time": begins + day, "capacity": 5, "cover_image_ids": [text],
        });
        let answer = post(town.door, "/api/events", Some(&self.bearer), &body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let id = json_of(&answer)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/events/{id}/publish");
        let answer = post(town.door, &path, Some(&self.bearer), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        id
    }
}

fn post(door: SocketAddr, path: &str, bearer: Option<&str>, body: &Value) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.map(|bearer| ("authorization", bearer)));
    request(door, "POST", path, &headers, &body.to_string()).unwrap()
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

impl Town {
    fn admin(&mut self) -> Window {
        let window = self.chrome.window();
        let password = city_events_auth::SEED_PASSWORD;
        self.sign_in(&window, "admin@example.com", password);
        window
    }

    /// Opens a page and waits until it has loaded completely.
    fn settle(&mut self, window: &Window, path: &str) {
        self.go(window, path);
        self.chrome.until(window, SETTLED);
    }

    fn finds_nothing_planted(&mut self, window: &Window, path: &str) {
        let planted = self.chrome.look(window, PLANTED);
        assert_eq!(planted, 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_paths_and_queries_add_no_markup_sec_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let author = Author::register(&town, "mallory", "Mallory");
    // Markup that the JSON of the API would inject into a page.
    let role = format!("{MARKUP}<input name=user_id value={}>", Uuid::nil());
    let event = author.publish(&town, "Come", &role);
    let admin = town.admin();
    let way = format!("..%2F..%2Fapi%2Fevents%2F{event}%2Fview");
    for path in [
        format!("/events/{way}"),
        format!("/events/{way}%3Fa="),
        format!("/events/{way}%23/people"),
        format!("/events/{way}%23/edit"),
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
        town.settle(&admin, &path);
        town.finds_nothing_planted(&admin, &path);
        let asked = town.chrome.look(&admin, ASKED);
        let asked = asked.as_array().unwrap();
        assert!(!asked.is_empty(), "{path}");
        for asked in asked {
            let asked = asked.as_str().unwrap();
            let is_usual = ["/assets/", "/fragments/", "/api/auth/", "/favicon.ico"]
                .iter()
                .any(|usual| asked.starts_with(usual));
            assert!(is_usual, "{path} asked for {asked}");
        }
    }
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_stored_text_stays_text_on_all_pages_sec_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let host = Author::register(&town, "mallory", MARKUP);
    let guest = Author::register(&town, "trudy", MARKUP);
    let event = host.publish(&town, MARKUP, MARKUP);
    let path = format!("/events/{event}");

    let window = town.chrome.window();
    town.sign_in(&window, &guest.email, PASSWORD);
    town.join(&window, &path, "You're in.");
    town.settle(&window, "/me/joins");
    town.reads(&window, MARKUP);
    town.finds_nothing_planted(&window, "/me/joins");

    let window = town.chrome.window();
    town.sign_in(&window, &host.email, PASSWORD);
    for path in ["/", "/me/events", &path, &format!("{path}/people")] {
        town.settle(&window, path);
        town.reads(&window, MARKUP);
        town.finds_nothing_planted(&window, path);
    }
    town.settle(&window, &format!("{path}/edit"));
    let fields = "['title', 'description', 'city', 'category'].map(name => document.querySelector(`main [name=${name}]`).value)";
    let fields = town.chrome.look(&window, fields);
    assert_eq!(fields, json!([MARKUP, MARKUP, MARKUP, MARKUP]));
    town.finds_nothing_planted(&window, "edit");

    let admin = town.admin();
    town.settle(&admin, "/moderation");
    town.reads(&admin, MARKUP);
    town.finds_nothing_planted(&admin, "/moderation");
    town.platform.stop().await;
}

/// A foreign site that counts its requests.
struct OtherSite(TcpListener);

impl OtherSite {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn origin(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn was_never_reached(&self) {
        let came = self.0.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(came, Err(ErrorKind::WouldBlock));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_takes_no_markup_form_or_address_sec_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let author = Author::register(&town, "mallory", "Mallory");
    let event = author.publish(&town, "Come", MARKUP);
    let other = OtherSite::open();
    let origin = other.origin();
    let admin = town.admin();
    town.settle(&admin, "/");

    // Only the script's policy turns text into markup.
    for sink in [
        "document.body.innerHTML = '<b></b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b></b>')",
        "new DOMParser().parseFromString('<b></b>', 'text/html')",
        "trustedTypes.createPolicy('another', {})",
        "trustedTypes.createPolicy('city-events', {})",
    ] {
        let tried = format!(
            "(() => {{ try {{ {sink}; return 'done'; }} catch (error) {{ return error.name; }} }})()"
        );
        assert_eq!(town.chrome.look(&admin, &tried), "TypeError", "{sink}");
    }

    // The script does not send forms without a name.
    for method in ["get", "post"] {
        let form = format!(
            "(() => {{ const form = document.createElement('form'); form.action = '{origin}/take'; form.method = '{method}'; const field = document.createElement('input'); field.name = 'password'; field.value = 'typed'; form.append(field); document.getElementById('main').append(form); form.requestSubmit(); return true; }})()"
        );
        assert_eq!(town.chrome.look(&admin, &form), true);
        town.press(&admin, "My events");
        town.reads(&admin, "What you make happen.");
        other.was_never_reached();
        town.settle(&admin, "/");
    }

    // A button to another site sends no token there.
    let button = format!(
        "(() => {{ const button = document.createElement('button'); button.dataset.post = '{origin}/take'; document.getElementById('main').append(button); button.click(); return true; }})()"
    );
    assert_eq!(town.chrome.look(&admin, &button), true);
    town.reads(&admin, "No answer came.");
    other.was_never_reached();

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
    let count = town.chrome.look(&admin, &plant);
    town.chrome
        .look(&admin, "dispatchEvent(new PopStateEvent('popstate'))");
    // The last address is not a fragment, and the server answers with a problem document.
    town.chrome.until(
        &admin,
        &format!("[...document.querySelectorAll('.piece')].filter(piece => piece.innerText).length === {count}"),
    );
    let shown = "[...document.querySelectorAll('.piece')].slice(0, -1).every(piece => piece.innerText === 'This part of the page cannot be shown.')";
    assert_eq!(town.chrome.look(&admin, shown), true);
    town.finds_nothing_planted(&admin, "fragments");
    other.was_never_reached();

    // The page of the API document has a policy that allows no markup at all.
    town.go(&admin, "/docs");
    town.reads(&admin, "/api/events/{id}/join");
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn login_stays_on_the_site_with_hostile_next_auth_4() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    Author::register(&town, "ada", "Ada");
    let other = OtherSite::open();
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
        let window = town.chrome.window();
        town.go(&window, &format!("/login?next={next}"));
        town.chrome.fill(&window, "email", "ada@example.org");
        town.chrome.fill(&window, "password", PASSWORD);
        town.press(&window, "Sign in");
        let is_there = format!(
            "location.host === '{}' && location.pathname === '{end}' && document.documentElement.dataset.session === 'in'",
            town.door
        );
        town.chrome.until(&window, &is_there);
        other.was_never_reached();
    }
    town.platform.stop().await;
}
