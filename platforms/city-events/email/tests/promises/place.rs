//! The service over a database of its own, an auth service whose answers a test chooses, and somebody who tells.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use city_events_contract::messages::{
    EmailEventCanceled, EventCanceled, EventUnpublished, PasswordResetRequested,
    VerifyEmailRequested,
};
use city_events_email::EmailConfig;
use seaworthy::{
    axum::{
        body::Bytes,
        http::{HeaderMap, StatusCode, Uri},
        response::{IntoResponse as _, Response},
    },
    config::{Environment, Loader},
    data::{Database, DatabaseConfig},
    messaging::{Event, Message, Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, get, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing that these tests wait for takes longer on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const INTERNAL_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdA";

/// What the auth service answers, and what it was asked.
#[derive(Default)]
pub(crate) struct Auth {
    pub(crate) answers: BTreeMap<String, (u16, Value)>,
    pub(crate) asked: Vec<(String, Value)>,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct TellerConfig {
    broker: MessagingConfig,
}

/// The running service.
pub(crate) struct Place {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) auth: Arc<Mutex<Auth>>,
    publisher: Publisher,
    _running: [RunningService; 3],
    empty: EmptyDatabase,
    _folder: TempDir,
}

pub(crate) async fn open(empty: EmptyDatabase) -> Place {
    open_with(empty, &["rate_limit.enabled=false"]).await
}

/// With one attempt after the first that fails.
pub(crate) async fn open_with_two_attempts(empty: EmptyDatabase) -> Place {
    open_with(empty, &["rate_limit.enabled=false", "attempts=2"]).await
}

pub(crate) async fn open_with(empty: EmptyDatabase, own: &[&str]) -> Place {
    let folder = TempDir::new().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let auth = Arc::new(Mutex::new(Auth::default()));
    let asked = serve_auth(&auth).await;
    let settings = [
        format!("database.url={}", empty.url()),
        broker.clone(),
        format!("auth_url=http://{}", asked.addresses().http),
        format!("internal_secret={INTERNAL_SECRET}"),
        "database.migrate_at_start=true".to_owned(),
        // A test does not wait as long for a server that is back as a service may.
        "retry_initial=20ms".to_owned(),
        "retry_cap=100ms".to_owned(),
        "attempts=500".to_owned(),
    ];
    let own = own.iter().map(|one| (*one).to_owned());
    let own = settings.into_iter().chain(own);
    let email = city_events_email::service()
        .start::<EmailConfig, _>(loader("email-service", own), city_events_email::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let (teller, publisher) = tell(&broker).await;
    let addresses = email.addresses();
    Place {
        http: addresses.http,
        admin: addresses.admin,
        auth,
        publisher,
        _running: [email, asked, teller],
        empty,
        _folder: folder,
    }
}

fn loader(name: &str, own: impl IntoIterator<Item = String>) -> Loader {
    let common = [
        "server.http.addr=127.0.0.1:0",
        "admin.addr=127.0.0.1:0",
        "server.http.rate_limit.enabled=false",
        "log.level=error",
    ];
    let common = common.into_iter().map(str::to_owned);
    Loader::new(name)
        .environment(Environment::default())
        .overrides(common.chain(own))
}

/// A service in the place of auth: it answers what the test says and remembers what it was asked.
async fn serve_auth(auth: &Arc<Mutex<Auth>>) -> RunningService {
    let auth = Arc::clone(auth);
    let answer = move |headers: HeaderMap, uri: Uri, body: Bytes| {
        let path = uri.path().to_owned();
        let mut auth = auth.lock().unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| json!(uri.query()));
        auth.asked.push((path.clone(), body));
        let is_internal = path.starts_with("/internal/");
        let shown = headers
            .get("x-internal-secret")
            .is_some_and(|shown| shown == INTERNAL_SECRET);
        if is_internal && !shown {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let (status, body) = auth.answers.get(&path).cloned().unwrap_or((404, json!({})));
        let status = StatusCode::from_u16(status).unwrap();
        let response: Response = (status, Json(body)).into_response();
        response
    };
    let (first, second, third, fourth) = (answer.clone(), answer.clone(), answer.clone(), answer);
    let routes = Routes::new()
        .get("/internal/users/{id}", async move |headers, uri, body| {
            first(headers, uri, body)
        })
        .post(
            "/auth/v1/verify-email/confirm",
            async move |headers, uri, body| second(headers, uri, body),
        )
        .get(
            "/auth/v1/password/reset/validate",
            async move |headers, uri, body| third(headers, uri, body),
        )
        .post(
            "/auth/v1/password/reset/confirm",
            async move |headers, uri, body| fourth(headers, uri, body),
        );
    let started = Service::new("auth", "1").start(
        loader("auth", []),
        async |service: &Assembly<NoSettings>| {
            service.http(routes);
            Ok(())
        },
    );
    started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

async fn tell(broker: &str) -> (RunningService, Publisher) {
    let (give, given) = std::sync::mpsc::channel();
    let started = Service::new("teller", "1").start(
        loader("teller", [broker.to_owned()]),
        async |service: &Assembly<TellerConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let topics = Topics::new()
                .and::<VerifyEmailRequested>()
                .and::<PasswordResetRequested>()
                .and::<EmailEventCanceled>()
                .and_unroutable::<EventCanceled>()
                .and_unroutable::<EventUnpublished>();
            give.send(messaging.publisher(topics).await?).unwrap();
            Ok(())
        },
    );
    let teller = started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    (teller, given.recv().unwrap())
}

impl Place {
    pub(crate) async fn tell<E: Event + Serialize>(&self, event: &E) {
        self.publisher.publish(Message::of(event)).await.unwrap();
    }

    /// The database, beside the service.
    pub(crate) async fn connected(&self) -> Database {
        let config = DatabaseConfig::at(self.empty.url().parse().unwrap());
        Database::builder("test", config).open().await.unwrap()
    }

    pub(crate) fn answer(&self, path: &str, status: u16, body: Value) {
        self.auth
            .lock()
            .unwrap()
            .answers
            .insert(path.to_owned(), (status, body));
    }

    pub(crate) fn asked(&self, path: &str) -> Vec<Value> {
        let auth = self.auth.lock().unwrap();
        let of_path = auth.asked.iter().filter(|(asked, _)| asked == path);
        of_path.map(|(_, body)| body.clone()).collect()
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        request(
            self.http,
            method,
            path,
            &[("content-type", "application/json")],
            body,
        )
        .unwrap()
    }

    /// The sum of a counter of the service over its labels.
    pub(crate) fn count(&self, metric: &str) -> u64 {
        let metrics = get(self.admin, "/metrics").unwrap().body;
        let of_metric = format!("email_service_{metric}{{");
        let lines = metrics.lines().filter(|line| line.starts_with(&of_metric));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// What the mailbox holds, the newest first.
    pub(crate) fn mails(&self) -> Vec<Value> {
        serde_json::from_str(&self.send("GET", "/mailbox.json", "").body).unwrap()
    }

    /// Waits until there are so many mails.
    pub(crate) async fn mailed(&self, count: usize) -> Vec<Value> {
        self.until("mails", || {
            let mails = self.mails();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
