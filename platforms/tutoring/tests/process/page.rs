//! The pages in a browser: a student buys sessions, a trainer holds them, and an administrator
//! reviews applications.

use std::{net::SocketAddr, path::Path};

use seaworthy::{
    config::Profile,
    data::{
        Database, DatabaseConfig,
        chrono::{TimeDelta, Utc},
        sql,
    },
    service::platform::DataDirectory,
};
use seaworthy_testkit::{
    browser::Browser,
    http::{get, request},
    requirement::required,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring::{Platform, PlatformOptions};
use tutoring_contract::PlatformZone;
use uuid::Uuid;

use crate::{
    app::{json_of, wait_for},
    chrome::{Chrome, Window},
};

const PASSWORD: &str = "Explore-the-course-1";
const EMAIL: &str = "asha@example.org";

/// The pages of a platform in one window, with a session of each role.
struct Pages {
    chrome: Chrome,
    window: Window,
    address: SocketAddr,
    style: String,
    /// The HTML of all pages that the test has seen.
    seen: Vec<String>,
}

impl Pages {
    fn open(program: &str, address: SocketAddr) -> Self {
        let mut chrome = Chrome::start(program);
        Self {
            window: chrome.window(),
            chrome,
            address,
            style: get(address, "/page.css").unwrap().body,
            seen: Vec::new(),
        }
    }

    fn go(&mut self, path: &str) {
        let url = format!("http://{}{path}", self.address);
        self.chrome.open_plain(&self.window, &url);
    }

    /// Keeps the page for the check of accessibility.
    fn keep(&mut self) {
        let html = self.evaluate("document.documentElement.outerHTML");
        let link = r#"<link rel="stylesheet" href="/page.css">"#;
        let html = html.as_str().unwrap();
        assert!(html.contains(link), "{html}");
        self.seen
            .push(html.replace(link, &format!("<style>{}</style>", self.style)));
    }

    fn evaluate(&mut self, expression: &str) -> Value {
        self.chrome.evaluate(&self.window, expression)
    }

    fn shows(&mut self, text: &str) -> bool {
        let text = Value::from(text);
        self.evaluate(&format!("document.body.innerText.includes({text})")) == true
    }

    /// Presses a button or a link, and waits for a text on the page after it. The page before it
    /// may have the text too, so the test marks that page.
    fn press(&mut self, label: &str, text: &str) {
        self.evaluate("document.documentElement.dataset.left = 'yes'");
        self.chrome.press(&self.window, label);
        let (left, text) = ("document.documentElement.dataset.left", Value::from(text));
        let shows = format!("{left} === undefined && document.body.innerText.includes({text})");
        self.chrome.wait_for(&self.window, &shows);
    }

    fn fill(&mut self, field: &str, text: &str) {
        self.chrome.fill(&self.window, field, text);
    }

    /// Loads a page until it shows a text.
    fn wait_on(&mut self, path: &str, text: &str) {
        wait_for(text, || {
            self.go(path);
            self.shows(text).then_some(())
        });
    }
}

async fn open_database(folder: &Path) -> Database {
    let url = format!("sqlite:{}", folder.join("booking.db").display());
    let config = DatabaseConfig::from_url(url.parse().unwrap());
    Database::builder("test", config).open().await.unwrap()
}

/// Registers a student by the code of the mail.
fn register(pages: &mut Pages, mailbox: SocketAddr) {
    pages.go("/");
    let email = format!(
        "document.querySelector('form[action=\"/register\"] [name=email]').value = '{EMAIL}'"
    );
    pages.evaluate(&email);
    pages.press("Register", "Check your mail");
    pages.keep();
    let code = wait_for("the mail", || {
        let mails = get(mailbox, "/mailbox.json").unwrap();
        let mails: Value = serde_json::from_str(&mails.body).unwrap();
        let mut mails = mails.as_array().unwrap().iter().map(Value::to_string);
        let mail = mails.find(|mail| mail.contains(EMAIL))?;
        Some(mail.split_once("Your code is ")?.1.get(..6)?.to_owned())
    });
    pages.fill("otp", &code);
    pages.press("Verify", "Buy sessions");
}

/// Buys 30 sessions.
fn buy(pages: &mut Pages) {
    pages.evaluate("document.querySelector('[name=sessions]').value = '30'");
    pages.fill("start", &PlatformZone::default().today().to_string());
    pages.press("See the price", "30 sessions from");
    pages.keep();
    pages.press("Pay", "Next sessions");
    pages.wait_on("/student", "Your trainer is Ravi Nair");
    pages.keep();
}

/// Moves the first session to today. A purchase begins on the next day at the earliest.
async fn move_first_session(booking: &Database) {
    let today = PlatformZone::default().today().to_string();
    for statement in [
        "UPDATE schedule_slots SET slot_date = ? WHERE session_number = 1",
        "UPDATE tutoring_sessions SET scheduled_date = ? WHERE session_number = 1",
    ] {
        sql(statement).bind(&today).execute(booking).await.unwrap();
    }
}

/// The first session: the trainer enters the code of the student, who confirms.
fn hold_first_session(pages: &mut Pages) {
    pages.wait_on("/trainer", "I have arrived");
    pages.keep();
    pages.press("I have arrived", "Code of the student");
    pages.wait_on("/student", "Read this code to your trainer");
    let code = pages.evaluate("document.querySelector('.code').innerText");
    pages.keep();
    pages.go("/trainer");
    pages.fill("otp", "wrong");
    pages.press("Begin", "The request failed");
    pages.keep();
    pages.go("/trainer");
    pages.fill("otp", code.as_str().unwrap());
    pages.press("Begin", "End the session");
    pages.press("End the session", "Waiting for the student to confirm.");
    pages.wait_on("/student", "Confirm that it was held");
    pages.press("Confirm that it was held", "Next sessions");
    pages.wait_on("/student", "1 of 30 sessions held");
    // `scripts/screenshots` puts it into the documentation.
    pages.chrome.screenshot(&pages.window, "tutoring-student");
}

fn exchange_messages(pages: &mut Pages) {
    pages.press("Write a message", "Messages");
    pages.fill("content", "The gate is green.");
    pages.press("Send", "You: The gate is green.");
    pages.go("/trainer");
    pages.press("Write a message", "They: The gate is green.");
    pages.keep();
    pages.fill("content", "I will find it.");
    pages.press("Send", "You: I will find it.");
}

/// Ends the other sessions: late cancellations count as held.
async fn hold_other_sessions(gateway: SocketAddr, booking: &Database) {
    let headers = [
        ("content-type", "application/json"),
        ("x-client-type", "mobile"),
    ];
    let login = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let login = request(
        gateway,
        "POST",
        "/api/v1/students/auth/login",
        &headers,
        &login,
    )
    .unwrap();
    let login = json_of(&login);
    let bearer = format!(
        "Bearer {}",
        login["data"]["tokens"]["accessToken"].as_str().unwrap()
    );
    let headers = [
        ("content-type", "application/json"),
        ("authorization", &*bearer),
    ];
    sql("UPDATE tutoring_sessions SET starts_at = ? WHERE status = 'scheduled'")
        .bind(Utc::now() + TimeDelta::hours(11))
        .execute(booking)
        .await
        .unwrap();
    let sessions: Vec<(Uuid,)> = sql("SELECT id FROM tutoring_sessions WHERE status = 'scheduled'")
        .fetch_all(booking)
        .await
        .unwrap();
    assert_eq!(sessions.len(), 29);
    for (id,) in sessions {
        let path = format!("/api/v1/admin/sessions/{id}/cancel");
        let reason = r#"{"reason":"a journey"}"#;
        let ended = request(gateway, "POST", &path, &headers, reason).unwrap();
        assert_eq!(ended.status, 200, "{}", ended.body);
    }
}

fn approve_applicant(pages: &mut Pages) {
    pages.go("/admin");
    pages.keep();
    pages.press("Approve Meera Iyer", "No application is pending.");
    pages.press(
        "Look for trainers again",
        "0 of 1 purchases have no trainer.",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_walk_through_a_purchase_api_1() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let directory = DataDirectory::open(data.clone()).unwrap();
    let weak_hashes = ["student-auth.", "trainer-auth.identity.", "admin."].map(|prefix| {
        ["memory_kib=1024", "iterations=1"]
            .map(|setting| format!("{prefix}passwords.parameters.{setting}"))
    });
    let options = PlatformOptions {
        set: weak_hashes.into_iter().flatten().collect(),
        free_ports: true,
        page: true,
        profile: Some(Profile::Development),
    };
    let platform = Platform::start(&directory, &options).await;
    let platform = platform.unwrap_or_else(|error| panic!("{:?}", error.chain()));
    for _ in 0..2 {
        // The second time, all users exist.
        let seeded = platform.seed().await;
        seeded.unwrap_or_else(|error| panic!("{:?}", error.chain()));
    }
    if let Some(program) = required("SEAWORTHY_TEST_CHROMIUM") {
        let http = |name: &str| platform.addresses(name).unwrap().http;
        let mut pages = Pages::open(&program, http("page"));
        // Without a session, every page leads to the start page.
        pages.go("/admin");
        assert!(pages.shows("Log in as each role"));
        pages.keep();
        register(&mut pages, http("student-auth"));
        for role in ["trainer", "administrator"] {
            pages.go("/");
            let heading = if role == "trainer" {
                "My sessions"
            } else {
                "Audit log"
            };
            pages.press(&format!("Log in as {role}"), heading);
        }
        pages.go("/student");
        buy(&mut pages);
        let booking = open_database(&data).await;
        move_first_session(&booking).await;
        hold_first_session(&mut pages);
        exchange_messages(&mut pages);
        hold_other_sessions(http("gateway"), &booking).await;
        pages.wait_on("/student", "Your certificate");
        pages.keep();
        pages.press("Your certificate", "certif");
        let certificate = pages.evaluate("document.documentElement.outerHTML");
        pages.seen.push(certificate.as_str().unwrap().to_owned());
        approve_applicant(&mut pages);
        pages.go("/");
        pages.press("Log out", "Log in as student");
        let mails = get(http("student-auth"), "/mailbox.json").unwrap();
        let mail = format!("/mailbox/{}", json_of(&mails)[0]["id"]);
        for path in ["/mailbox", &mail] {
            pages
                .seen
                .push(get(http("student-auth"), path).unwrap().body);
        }
        let seen = std::mem::take(&mut pages.seen);
        let check = move || {
            let browser = Browser::find().unwrap();
            for page in seen {
                let found = browser.violations(&page).unwrap();
                assert_eq!(found.unwrap_or_default(), [""; 0], "{page}");
            }
        };
        tokio::task::spawn_blocking(check).await.unwrap();
    }
    assert!(platform.stop().await.is_empty());
}
