//! What people do, in a real browser: every step is a press on what can be seen.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod chrome;
mod elsewhere;
mod hostile;
mod links;

use std::{net::SocketAddr, time::Duration};

use chrome::{Chrome, Window};
use city_events::{Folder, Platform, PlatformOptions};
use seaworthy::config::Profile;
use seaworthy_testkit::{
    http::{get, request},
    requirement::required,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

/// A platform and a browser at a time: with three of each a small machine answers nobody in time.
static ALONE: Mutex<()> = Mutex::const_new(());

const PASSWORD: &str = "a long enough sentence";

/// A platform and a browser.
struct Town {
    platform: Platform,
    chrome: Chrome,
    door: SocketAddr,
    mailbox: SocketAddr,
    _place: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Town {
    async fn open() -> Option<Self> {
        Self::open_with(&[]).await
    }

    async fn open_with(set: &[String]) -> Option<Self> {
        let browser = required("SEAWORTHY_TEST_CHROMIUM")?;
        let alone = ALONE.lock().await;
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let options = PlatformOptions {
            set: [
                "auth.rate_limit.enabled=false",
                "bff.rate_limit.enabled=false",
            ]
            .map(str::to_owned)
            .into_iter()
            .chain(set.iter().cloned())
            .collect(),
            free_ports: true,
            profile: Some(Profile::Development),
        };
        let platform = Platform::start(&folder, &options).await.unwrap();
        let address = |name: &str| platform.addresses(name).unwrap().http;
        Some(Self {
            door: address("bff"),
            mailbox: address("email"),
            chrome: Chrome::start(&browser),
            platform,
            _place: place,
            _alone: alone,
        })
    }

    fn go(&mut self, window: &Window, path: &str) {
        let address = format!("http://{}{path}", self.door);
        self.chrome.open(window, &address);
    }

    fn press(&mut self, window: &Window, label: &str) {
        self.chrome.press(window, label);
    }

    fn reads(&mut self, window: &Window, text: &str) {
        self.chrome.reads(window, text);
    }

    /// Somebody new, in a window of their own.
    fn register(&mut self, name: &str) -> Window {
        let window = self.chrome.window();
        self.go(&window, "/register");
        self.chrome
            .fill(&window, "email", &format!("{name}@example.org"));
        self.chrome.fill(&window, "password", PASSWORD);
        self.press(&window, "Register");
        self.reads(&window, "Welcome!");
        window
    }

    fn sign_in(&mut self, window: &Window, email: &str, password: &str) {
        self.go(window, "/login");
        self.chrome.fill(window, "email", email);
        self.chrome.fill(window, "password", password);
        self.press(window, "Sign in");
        self.chrome
            .until(window, "document.documentElement.dataset.session === 'in'");
    }

    /// An event with so many places, made and published by its host.
    fn publish(&mut self, host: &Window, title: &str, capacity: &str) -> String {
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
        self.reads(host, "This is your event.");
        let path = self.chrome.look(host, "location.pathname");
        path.as_str().unwrap().to_owned()
    }

    /// Joins, as soon as the places of the event are known.
    fn join(&mut self, window: &Window, event: &str, said: &str) {
        self.go(window, event);
        self.chrome.until(
            window,
            "[...document.querySelectorAll('main button')].some(one => one.innerText.startsWith('Join'))",
        );
        let said = Value::from(said);
        let wish = format!(
            "(() => {{ if (document.body.innerText.includes({said})) return true; const join = [...document.querySelectorAll('main button')].find(one => one.innerText.startsWith('Join')); if (join && join.getAttribute('aria-busy') !== 'true') join.click(); return false; }})()"
        );
        self.chrome.until(window, &wish);
    }

    /// The token of the last link that was sent to somebody.
    async fn token_in_the_mail(&self, to: &str, subject: &str) -> String {
        for _ in 0..200 {
            let mails = get(self.mailbox, "/mailbox.json").unwrap().body;
            let mails: Value = serde_json::from_str(&mails).unwrap();
            let mails = mails.as_array().unwrap().iter();
            let found = mails
                .map(Value::to_string)
                .filter(|mail| mail.contains(to) && mail.contains(subject))
                .find_map(|mail| {
                    let (_, rest) = mail.split_once("token=")?;
                    let is_end =
                        |letter: char| !letter.is_ascii_alphanumeric() && !"-_.~%".contains(letter);
                    Some(rest.split(is_end).next()?.to_owned())
                });
            if let Some(token) = found {
                return token;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing came for {to}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_verifies_an_address_forgets_the_password_and_sets_another() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let ada = town.register("ada");
    town.go(&ada, "/profile");
    town.reads(&ada, "Your e-mail is not verified");
    let token = town
        .token_in_the_mail("ada@example.org", "Verify your email")
        .await;
    town.go(&ada, &format!("/verify-email?token={token}"));
    town.press(&ada, "Verify my e-mail");
    town.reads(&ada, "Verified. Thank you.");
    town.go(&ada, "/profile");
    town.chrome
        .until(&ada, "document.querySelector('[data-unverified]').hidden");
    // A link is good once.
    town.go(&ada, &format!("/verify-email?token={token}"));
    town.press(&ada, "Verify my e-mail");
    town.reads(&ada, "This link was used already or is too old.");

    let elsewhere = town.chrome.window();
    town.go(&elsewhere, "/login");
    town.press(&elsewhere, "Forgot your password?");
    // The page before has a field of the same name.
    town.reads(&elsewhere, "good for half an hour");
    town.chrome.fill(&elsewhere, "email", "ada@example.org");
    town.press(&elsewhere, "Send the link");
    town.reads(&elsewhere, "If there is such an account");
    let token = town
        .token_in_the_mail("ada@example.org", "Reset your password")
        .await;
    town.go(&elsewhere, &format!("/reset-password?token={token}"));
    let another = "another long sentence";
    town.chrome.fill(&elsewhere, "new_password", another);
    town.press(&elsewhere, "Set the password");
    town.reads(&elsewhere, "The new password is set.");
    town.sign_in(&elsewhere, "ada@example.org", another);
    // Whoever was signed in is no more.
    town.go(&ada, "/profile");
    town.reads(&ada, "Sign in first");
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_sees_who_comes_removes_one_bans_another_and_whoever_waits_moves_up() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let host = town.register("mira");
    let [ada, ben, cleo] = ["ada", "ben", "cleo"].map(|name| town.register(name));
    let event = town.publish(&host, "Supper for one", "1");
    town.join(&ada, &event, "You're in.");
    town.join(&ben, &event, "You're on the waitlist.");
    town.join(&cleo, &event, "You're on the waitlist.");

    town.go(&host, &event);
    town.press(&host, "Who comes");
    town.reads(&host, "Has a place since");
    town.chrome.until(
        &host,
        "document.querySelectorAll('.row-card h3')[0].innerText === 'ada'",
    );
    town.press(&host, "Waitlist");
    town.chrome.until(
        &host,
        "[...document.querySelectorAll('.row-card h3')].map(one => one.innerText).join() === 'ben,cleo'",
    );
    for (name, width, height, is_dark) in [
        ("people-light", 1280, 900, false),
        ("people-dark", 1280, 900, true),
        ("people-phone", 390, 844, false),
        ("people-phone-dark", 390, 844, true),
    ] {
        town.chrome.size(&host, width, height, is_dark);
        town.chrome.picture(&host, name);
    }
    town.chrome.size(&host, 1280, 900, false);

    // Ada is removed: Ben, who waited longest, has the place, without touching anything.
    town.press(&host, "With a place");
    town.chrome.until(
        &host,
        "document.querySelectorAll('.row-card h3')[0]?.innerText === 'ada'",
    );
    town.press(&host, "Remove");
    town.chrome.picture(&host, "people-asks");
    town.chrome.fill(&host, "reason", "not today");
    town.press(&host, "Yes");
    town.reads(&host, "Removed.");
    town.reads(&ada, "The organiser has removed you from this event.");
    town.reads(&ben, "You're in.");

    // Ben is banned: Cleo moves up, and Ben cannot come back.
    town.chrome.until(
        &host,
        "document.querySelectorAll('.row-card h3')[0]?.innerText === 'ben'",
    );
    town.press(&host, "Ban");
    town.press(&host, "Yes");
    town.reads(&host, "Banned from this event.");
    town.reads(&ben, "The organiser has removed you from this event.");
    town.reads(&cleo, "You're in.");

    // Cleo leaves by herself.
    town.press(&cleo, "Give the place back");
    town.press(&cleo, "Yes");
    town.reads(&cleo, "You left.");
    town.chrome.until(
        &cleo,
        "[...document.querySelectorAll('main button')].some(one => one.innerText === 'Join')",
    );

    // A ban is lifted by the id of a user.
    let ben_id = town.chrome.look(&ben, "fetch('/api/auth/refresh', { method: 'POST' }).then(answer => answer.json()).then(answer => answer.data.user.id)");
    town.chrome.fill(&host, "user_id", ben_id.as_str().unwrap());
    town.press(&host, "Lift the ban");
    town.reads(&host, "They may join again.");

    // Strangers see nothing of it.
    town.go(&cleo, &format!("{event}/people"));
    town.reads(&cleo, "Who comes is for the host and for moderators.");
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_takes_an_event_back_and_a_moderator_bans_a_host() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let host = town.register("mira");
    let event = town.publish(&host, "Taken back", "5");
    let guest = town.chrome.window();
    town.go(&guest, &event);
    town.reads(&guest, "Taken back");
    town.press(&host, "Unpublish");
    town.press(&host, "Yes");
    town.reads(&host, "It is a draft again.");
    town.reads(&host, "Draft: nobody else sees it");
    town.go(&guest, &event);
    town.reads(&guest, "There is no such event");
    town.press(&host, "Publish");
    town.reads(&host, "Published. Everybody can see it now.");

    let moderator = town.chrome.window();
    town.sign_in(
        &moderator,
        "moderator@example.com",
        city_events_auth::SEED_PASSWORD,
    );
    town.go(&moderator, "/moderation");
    town.reads(&moderator, "Taken back");
    town.press(&moderator, "Ban host");
    town.press(&moderator, "Yes");
    town.reads(&moderator, "The host is banned.");
    let body = json!({ "email": "mira@example.org", "password": PASSWORD }).to_string();
    let headers = [("content-type", "application/json")];
    let answer = request(town.door, "POST", "/api/auth/login", &headers, &body).unwrap();
    assert!(matches!(answer.status, 401 | 403), "{}", answer.body);
    town.go(&host, "/me/events");
    town.reads(&host, "Sign in first");
    town.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_could_not_be_signed_out_is_told_so_auth_3() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let ada = town.register("ada");
    town.go(&ada, "/profile");
    town.reads(&ada, "ada@example.org");
    town.platform.stop().await;
    town.chrome.press(&ada, "Sign out");
    town.chrome.reads(&ada, "You are still signed in.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_page_that_is_left_waits_for_the_next_one() {
    let Some(mut town) = Town::open().await else {
        return;
    };
    let window = town.chrome.window();
    town.go(&window, "/login");
    // The first page promises an answer and leaves; it is the next one that gives it.
    town.chrome.until(
        &window,
        "location.pathname === '/register' || (globalThis.kept = new Promise(() => location.assign('/register')))",
    );
    town.platform.stop().await;
}
