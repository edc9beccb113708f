//! The service with an empty database, a stub of the auth service and a publisher.

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
    config::Loader,
    data::{Database, DatabaseConfig},
    messaging::{Event, Message, Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, get, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The time limit of every wait.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
const INTERNAL_SECRET: &str = "dGhhdCBpcyBub3Qgd2hhdA";

/// A stub of the auth service: its responses by path, and the requests that it received.
#[derive(Default)]
pub(crate) struct AuthStub {
    pub(crate) responses: BTreeMap<String, (u16, Value)>,
    pub(crate) requests: Vec<(String, Value)>,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct PublisherConfig {
    broker: MessagingConfig,
}

/// The running service.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) auth: Arc<Mutex<AuthStub>>,
    publisher: Publisher,
    _running: [RunningService; 3],
    empty: EmptyDatabase,
    _directory: TempDir,
}

pub(crate) async fn start(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &["rate_limit.enabled=false"]).await
}

/// Starts the service with one retry.
pub(crate) async fn start_with_two_attempts(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &["rate_limit.enabled=false", "max_attempts=2"]).await
}

pub(crate) async fn start_with(empty: EmptyDatabase, settings: &[&str]) -> TestApp {
    let directory = TempDir::new().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        directory.path().join("broker.db").display()
    );
    let auth = Arc::new(Mutex::new(AuthStub::default()));
    let auth_service = serve_auth(&auth).await;
    let defaults = [
        format!("database.url={}", empty.url()),
        broker.clone(),
        format!("auth_url=http://{}", auth_service.addresses().http),
        format!("internal_secret={INTERNAL_SECRET}"),
        "database.migrate_at_start=true".to_owned(),
        "initial_backoff=20ms".to_owned(),
        "max_backoff=100ms".to_owned(),
        "max_attempts=500".to_owned(),
    ];
    let settings = settings.iter().map(|setting| (*setting).to_owned());
    let settings = defaults.into_iter().chain(settings);
    let email = city_events_email::service()
        .start::<EmailConfig, _>(
            Loader::for_tests("email-service")
                .overrides(["server.http.rate_limit.enabled=false"])
                .overrides(settings),
            city_events_email::assemble,
        )
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let (publisher_service, publisher) = start_publisher(&broker).await;
    let addresses = email.addresses();
    TestApp {
        http: addresses.http,
        admin: addresses.admin,
        auth,
        publisher,
        _running: [email, auth_service, publisher_service],
        empty,
        _directory: directory,
    }
}

/// Starts the stub of the auth service.
async fn serve_auth(auth: &Arc<Mutex<AuthStub>>) -> RunningService {
    let auth = Arc::clone(auth);
    let respond = move |headers: HeaderMap, uri: Uri, body: Bytes| {
        let path = uri.path().to_owned();
        let mut auth = auth.lock().unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| json!(uri.query()));
        auth.requests.push((path.clone(), body));
        let is_internal = path.starts_with("/internal/");
        let has_secret = headers
            .get("x-internal-secret")
            .is_some_and(|secret| secret == INTERNAL_SECRET);
        if is_internal && !has_secret {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let (status, body) = auth
            .responses
            .get(&path)
            .cloned()
            .unwrap_or((404, json!({})));
        let status = StatusCode::from_u16(status).unwrap();
        let response: Response = (status, Json(body)).into_response();
        response
    };
    let (first, second, third, fourth) =
        (respond.clone(), respond.clone(), respond.clone(), respond);
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
        Loader::for_tests("auth"),
        async |service: &Assembly<NoSettings>| {
            service.http(routes);
            Ok(())
        },
    );
    started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

async fn start_publisher(broker: &str) -> (RunningService, Publisher) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let started = Service::new("publisher", "1").start(
        Loader::for_tests("publisher").overrides([broker.to_owned()]),
        async |service: &Assembly<PublisherConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let topics = Topics::new()
                .with::<VerifyEmailRequested>()
                .with::<PasswordResetRequested>()
                .with::<EmailEventCanceled>()
                .with_unroutable::<EventCanceled>()
                .with_unroutable::<EventUnpublished>();
            sender.send(messaging.publisher(topics).await?).unwrap();
            Ok(())
        },
    );
    let service = started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    (service, receiver.recv().unwrap())
}

impl TestApp {
    pub(crate) async fn publish<E: Event + Serialize>(&self, event: &E) {
        self.publisher
            .publish(Message::from_event(event))
            .await
            .unwrap();
    }

    /// Opens the database of the service.
    pub(crate) async fn connect_database(&self) -> Database {
        let config = DatabaseConfig::from_url(self.empty.url().parse().unwrap());
        Database::builder("test", config).open().await.unwrap()
    }

    /// Sets the response of the auth service to a path.
    pub(crate) fn stub_auth(&self, path: &str, status: u16, body: Value) {
        self.auth
            .lock()
            .unwrap()
            .responses
            .insert(path.to_owned(), (status, body));
    }

    /// Returns the bodies or queries of requests to the auth service.
    pub(crate) fn auth_requests(&self, path: &str) -> Vec<Value> {
        let auth = self.auth.lock().unwrap();
        let of_path = auth
            .requests
            .iter()
            .filter(|(requested, _)| requested == path);
        of_path.map(|(_, body)| body.clone()).collect()
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> HttpResponse {
        request(
            self.http,
            method,
            path,
            &[("content-type", "application/json")],
            body,
        )
        .unwrap()
    }

    /// Returns the sum of a counter over its labels.
    pub(crate) fn count(&self, metric: &str) -> u64 {
        let metrics = get(self.admin, "/metrics").unwrap().body;
        let of_metric = format!("email_service_{metric}{{");
        let lines = metrics.lines().filter(|line| line.starts_with(&of_metric));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Returns the mails in the mailbox, newest first.
    pub(crate) fn mails(&self) -> Vec<Value> {
        serde_json::from_str(&self.send("GET", "/mailbox.json", "").body).unwrap()
    }

    /// Waits until the mailbox has at least `count` mails.
    pub(crate) async fn wait_for_mails(&self, count: usize) -> Vec<Value> {
        self.eventually("mails arrive", || {
            let mails = self.mails();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Polls until `check` returns a value.
    pub(crate) async fn eventually<T>(&self, what: &str, check: impl Fn() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = check() {
                return found;
            }
            assert!(started.elapsed() < TIMEOUT, "timed out: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
