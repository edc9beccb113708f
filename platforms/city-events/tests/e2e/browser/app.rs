use std::net::SocketAddr;

use city_events::Platform;
use seaworthy_testkit::{http::get, requirement::required};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::RwLockWriteGuard;

use super::chrome::{Chrome, Window};
use crate::{app::start_platform, client::PASSWORD, eventually::eventually, machine};

/// All services in the process of the test, and a browser.
pub(super) struct BrowserApp {
    pub(super) platform: Platform,
    pub(super) chrome: Chrome,
    pub(super) gateway: SocketAddr,
    pub(super) mailbox: SocketAddr,
    _directory: TempDir,
    _machine: RwLockWriteGuard<'static, ()>,
}

impl BrowserApp {
    /// Starts the services and the browser. Returns `None` if Chromium is not installed.
    pub(super) async fn start() -> Option<Self> {
        Self::start_with(&[]).await
    }

    /// Starts the services with additional settings, as `SERVICE.KEY=VALUE`.
    pub(super) async fn start_with(settings: &[String]) -> Option<Self> {
        let browser = required("SEAWORTHY_TEST_CHROMIUM")?;
        let machine = machine::exclusive().await;
        let directory = tempfile::tempdir().unwrap();
        let settings: Vec<_> = settings.iter().map(String::as_str).collect();
        let platform = start_platform(directory.path(), &settings).await;
        let http = |name: &str| platform.addresses(name).unwrap().http;
        Some(Self {
            gateway: http("bff"),
            mailbox: http("email"),
            chrome: Chrome::start(&browser),
            platform,
            _directory: directory,
            _machine: machine,
        })
    }

    pub(super) async fn stop(self) {
        self.platform.stop().await;
    }

    pub(super) fn go(&mut self, window: &Window, path: &str) {
        let url = format!("http://{}{path}", self.gateway);
        self.chrome.open(window, &url);
    }

    /// Opens a page whose script does not run.
    pub(super) fn go_plain(&mut self, window: &Window, path: &str) {
        let url = format!("http://{}{path}", self.gateway);
        self.chrome.open_plain(window, &url);
    }

    pub(super) fn press(&mut self, window: &Window, label: &str) {
        self.chrome.press(window, label);
    }

    /// Waits until a page shows a text.
    pub(super) fn wait_for_text(&mut self, window: &Window, text: &str) {
        self.chrome.wait_for_text(window, text);
    }

    /// Registers a user in a new window.
    pub(super) fn register(&mut self, name: &str) -> Window {
        let window = self.chrome.window();
        self.go(&window, "/register");
        self.chrome
            .fill(&window, "email", &format!("{name}@example.org"));
        self.chrome.fill(&window, "password", PASSWORD);
        self.press(&window, "Register");
        self.wait_for_text(&window, "Welcome!");
        window
    }

    pub(super) fn sign_in(&mut self, window: &Window, email: &str, password: &str) {
        self.go(window, "/login");
        self.chrome.fill(window, "email", email);
        self.chrome.fill(window, "password", password);
        self.press(window, "Sign in");
        self.chrome
            .wait_for(window, "document.documentElement.dataset.session === 'in'");
    }

    /// Publishes an event and returns its path.
    pub(super) fn publish(&mut self, host: &Window, title: &str, capacity: &str) -> String {
        self.go(host, "/new");
        for (field, text) in [
            ("title", title),
            ("description", "Something happens."),
            ("city", "Berlin"),
            ("category", "Music"),
            ("capacity", capacity),
        ] {
            self.chrome.fill(host, field, text);
        }
        self.press(host, "Publish");
        self.wait_for_text(host, "This is your event.");
        let path = self.chrome.evaluate(host, "location.pathname");
        path.as_str().unwrap().to_owned()
    }

    /// Presses the join button until the page shows a text. The first attempts fail while the join
    /// service does not have the event.
    pub(super) fn join(&mut self, window: &Window, event: &str, text: &str) {
        self.go(window, event);
        self.chrome.wait_for(
            window,
            "[...document.querySelectorAll('main button')].some(one => one.innerText.startsWith('Join'))",
        );
        let text = Value::from(text);
        let press = format!(
            "(() => {{ if (document.body.innerText.includes({text})) return true; const join = [...document.querySelectorAll('main button')].find(one => one.innerText.startsWith('Join')); if (join && join.getAttribute('aria-busy') !== 'true') join.click(); return false; }})()"
        );
        self.chrome.wait_for(window, &press);
    }

    /// Waits for a message with a link, and returns the token in the link.
    pub(super) async fn mailed_token(&self, address: &str, subject: &str) -> String {
        eventually(async || {
            let mails = get(self.mailbox, "/mailbox.json").unwrap().body;
            let mails: Value = serde_json::from_str(&mails).unwrap();
            let mails = mails.as_array().unwrap().iter().map(Value::to_string);
            mails
                .filter(|mail| mail.contains(address) && mail.contains(subject))
                .find_map(|mail| {
                    let (_, rest) = mail.split_once("token=")?;
                    let is_end =
                        |letter: char| !letter.is_ascii_alphanumeric() && !"-_.~%".contains(letter);
                    Some(rest.split(is_end).next()?.to_owned())
                })
                .ok_or_else(|| format!("no mail {subject:?} to {address}"))
        })
        .await
    }
}
