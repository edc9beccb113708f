//! The service in this process, with an HTTP client and the other services of the platform.

use seaworthy_testkit::eventually;
use std::net::SocketAddr;

use city_events_contract::messages::EventPublished;
use seaworthy::{
    config::Loader,
    data::{Database, DatabaseConfig},
    messaging::{Event, Message},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    event::TestEvent,
    peer::Peer,
    user::{TestUser, moderator},
};

pub(crate) const SECRET: &str = "a secret of the tests that is long enough";

/// A started service.
pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) grpc: String,
    pub(crate) admin: SocketAddr,
    pub(crate) database: Database,
    peer: Peer,
    client: reqwest::Client,
    service: RunningService,
    directory: TempDir,
    empty: EmptyDatabase,
}

/// Settings with which a slow machine completes thousands of concurrent requests.
const LONG_QUEUES: [&str; 2] = [
    "server.http.load_shed.max_queue_delay=60s",
    "server.http.timeout=60s",
];

pub(crate) async fn start(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &[]).await
}

/// Starts with a waitlist for 1,000 users.
pub(crate) async fn start_with_long_waitlist(empty: EmptyDatabase) -> TestApp {
    let lengths = ["waitlist.min_length=1000", "waitlist.max_length=1000"];
    start_with(empty, &[&lengths, &LONG_QUEUES[..]].concat()).await
}

/// Starts without a rejection of requests that wait for long.
pub(crate) async fn start_for_long_queues(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &LONG_QUEUES).await
}

/// Starts without a delay before a stop.
pub(crate) async fn start_without_drain_delay(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &["lifecycle.drain_delay=0s"]).await
}

/// Starts with one worker, which executes the commands of several events in one batch.
pub(crate) async fn start_with_one_worker(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &["join_batching.max_concurrent_batches=1"]).await
}

/// Starts with continuous publication of counts.
pub(crate) async fn start_with_short_recount(empty: EmptyDatabase) -> TestApp {
    start_with(empty, &["recount.interval=50ms"]).await
}

/// Starts with these settings.
pub(crate) async fn start_with(empty: EmptyDatabase, settings: &[&str]) -> TestApp {
    let directory = tempfile::tempdir().unwrap();
    let broker = directory.path().join("broker.db");
    let broker = format!("broker.url=sqlite:{}", broker.display());
    let defaults = [
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "server.http.rate_limit.enabled=false".to_owned(),
    ];
    let settings = settings.iter().map(|setting| (*setting).to_owned());
    let overrides = defaults.into_iter().chain(settings).chain([broker.clone()]);
    let service = city_events_join::service()
        .start(
            Loader::for_tests("join").overrides(overrides),
            city_events_join::assemble,
        )
        .await
        .unwrap();
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let addresses = service.addresses();
    TestApp {
        base: format!("http://{}", addresses.http),
        grpc: format!("http://{}", addresses.grpc.unwrap()),
        admin: addresses.admin,
        database: Database::builder("test", config).open().await.unwrap(),
        peer: Peer::start(broker).await,
        client: reqwest::Client::new(),
        service,
        directory,
        empty,
    }
}

impl TestApp {
    /// Publishes a message of another service.
    pub(crate) async fn publish<E: Event + Serialize>(&self, message: &E) {
        self.peer.publish(Message::from_event(message)).await;
    }

    pub(crate) async fn publish_raw(&self, message: Message) {
        self.peer.publish(message).await;
    }

    /// Publishes an event with this capacity and waits until the service knows it.
    pub(crate) async fn create_event(&self, capacity: i32) -> TestEvent {
        let event = TestEvent::with_capacity(capacity);
        self.announce(&event).await;
        event
    }

    /// Publishes an event and waits until the service knows it.
    pub(crate) async fn announce(&self, event: &TestEvent) {
        self.publish(&EventPublished(event.envelope("published")))
            .await;
        self.eventually_capacity_is(event, event.capacity).await;
    }

    pub(crate) async fn eventually_capacity_is(&self, event: &TestEvent, capacity: i32) {
        eventually(async || self.stats(event).await.1["data"]["capacity"] == capacity).await;
    }

    pub(crate) async fn eventually_seats_are(&self, event: &TestEvent, expected: (u64, u64)) {
        eventually(async || self.seats(event).await == expected).await;
    }

    /// Waits until `count` messages of this topic about the event were received.
    pub(crate) async fn eventually_received(&self, topic: &str, event: &TestEvent, count: usize) {
        eventually(async || self.received(topic, event).len() >= count).await;
    }

    pub(crate) async fn stats(&self, event: &TestEvent) -> (u16, Value) {
        let path = format!("/events/{}/stats", event.id);
        self.call("GET", &path, &moderator(), None, &[]).await
    }

    /// Returns the number of active and of waitlisted joins.
    pub(crate) async fn seats(&self, event: &TestEvent) -> (u64, u64) {
        let stats = self.stats(event).await.1;
        let count = |name: &str| stats["data"][name].as_u64().unwrap();
        (count("active_count"), count("waitlist_count"))
    }

    pub(crate) async fn join(&self, event: &TestEvent, user: &TestUser) -> (u16, Value) {
        self.join_with_key(event, user, &seaworthy::core::new_id().to_string())
            .await
    }

    pub(crate) async fn join_with_key(
        &self,
        event: &TestEvent,
        user: &TestUser,
        key: &str,
    ) -> (u16, Value) {
        let body = json!({ "event_id": event.id });
        let key = [("Idempotency-Key", key)];
        self.call("POST", "/join", user, Some(body), &key).await
    }

    pub(crate) async fn cancel(&self, event: &TestEvent, user: &TestUser) -> (u16, Value) {
        let key = seaworthy::core::new_id().to_string();
        self.cancel_with_key(event, user, &key).await
    }

    pub(crate) async fn cancel_with_key(
        &self,
        event: &TestEvent,
        user: &TestUser,
        key: &str,
    ) -> (u16, Value) {
        let path = format!("/join/{}", event.id);
        let key = [("X-Idempotency-Key", key)];
        self.call("DELETE", &path, user, None, &key).await
    }

    /// Returns the status of the user's join, or an empty text if the user never joined.
    pub(crate) async fn status(&self, event: &TestEvent, user: &TestUser) -> String {
        let path = format!("/events/{}/participation", event.id);
        let (status, body) = self.call("GET", &path, user, None, &[]).await;
        match status {
            404 => String::new(),
            _ => body["data"]["status"].as_str().unwrap().to_owned(),
        }
    }

    /// Sends a request to a path below `/api/v1`.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        user: &TestUser,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/api/v1{path}", self.base);
        let mut request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&user.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Returns the metrics of the admin listener.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.empty.url().starts_with("sqlite")
    }

    pub(crate) fn metrics(&self) -> String {
        seaworthy_testkit::http::get(self.admin, "/metrics")
            .unwrap()
            .body
    }

    /// Returns the sum of all series of a metric.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let series = metrics
            .lines()
            .filter(|line| line.split(['{', ' ']).next() == Some(name));
        series
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Stops the service and returns its directory and its database.
    pub(crate) async fn stop(self) -> (TempDir, EmptyDatabase) {
        self.service.stop().await;
        (self.directory, self.empty)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Returns the bodies of the received messages with this topic about this event.
    pub(crate) fn received(&self, topic: &str, event: &TestEvent) -> Vec<Value> {
        self.peer.received(topic, event.id)
    }
}

/// Returns the HTTP status and the code of an error response.
pub(crate) fn code(response: &(u16, Value)) -> (u16, &str) {
    (
        response.0,
        response.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

/// Returns the status of the join in a successful response.
pub(crate) fn joined(response: &(u16, Value)) -> &str {
    assert_eq!(response.0, 200, "{}", response.1);
    response.1["data"]["status"].as_str().unwrap()
}
