//! Tests of event and join together, on the embedded broker with SQLite and on RabbitMQ with
//! PostgreSQL.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod alerts;
mod amqp;
mod image;

use std::{net::SocketAddr, time::Duration};

use seaworthy::{config::Loader, core::new_id, service::RunningService};
use seaworthy_testkit::{
    database::EmptyDatabase, eventually, hs256_token, rabbitmq::RabbitmqServer, server::Shared,
};
use serde_json::{Value, json};
use uuid::Uuid;

use amqp::{ForeignQueue, app_id, correlation_id, trace_id};

static RABBITMQ: Shared<RabbitmqServer> = Shared::new("SEAWORTHY_TEST_RABBITMQ", |programs| {
    RabbitmqServer::start(programs)
});
/// Held by each test on RabbitMQ, because all platforms on one broker share their queues.
static RABBITMQ_LOCK: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
const SECRET: &str = "a secret of the tests that is long enough";
const TIMEOUT: Duration = Duration::from_secs(30);
/// The messages of join.
const ROUTING_KEYS: [&str; 7] = [
    "join.created",
    "join.canceled",
    "join.promoted",
    "join.kicked",
    "join.banned",
    "join.unbanned",
    "email.event_canceled",
];
/// The messages of three joins, a cancellation with a promotion, a kick, and a ban that is lifted,
/// in the order of their names.
const JOIN_MESSAGES: [&str; 8] = [
    "join.banned",
    "join.canceled",
    "join.created",
    "join.created",
    "join.created",
    "join.kicked",
    "join.promoted",
    "join.unbanned",
];

struct Platform {
    event: String,
    join: String,
    admin: SocketAddr,
    client: reqwest::Client,
    _running: [RunningService; 2],
    _databases: [EmptyDatabase; 2],
}

fn loader(name: &str, database: &EmptyDatabase, broker: &str) -> Loader {
    let settings = [
        format!("database.url={}", database.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "recount.interval=200ms".to_owned(),
    ];
    let settings = settings
        .into_iter()
        .filter(|setting| name == "join" || !setting.starts_with("recount"));
    Loader::for_tests(name).overrides(settings)
}

async fn start_platform(databases: [EmptyDatabase; 2], broker: &str) -> Platform {
    let event = city_events_event::service()
        .start(
            loader("event", &databases[0], broker),
            city_events_event::assemble,
        )
        .await
        .unwrap();
    let join = city_events_join::service()
        .start(
            loader("join", &databases[1], broker),
            city_events_join::assemble,
        )
        .await
        .unwrap();
    Platform {
        event: format!("http://{}/event/v1", event.addresses().http),
        join: format!("http://{}/api/v1", join.addresses().http),
        admin: join.addresses().admin,
        client: reqwest::Client::new(),
        _running: [event, join],
        _databases: databases,
    }
}

fn token(id: Uuid) -> String {
    hs256_token(SECRET, json!({ "uid": id, "role": "user" }))
}

impl Platform {
    async fn call(&self, method: &str, url: String, user: Uuid, body: Value) -> (u16, Value) {
        let request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(token(user))
            .header("idempotency-key", new_id().to_string())
            .body(body.to_string());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Creates a draft and returns its ID.
    async fn create_event(&self, owner: Uuid, capacity: u32) -> String {
        let body = json!({
            "title": "Rust", "description": "Bring a boat", "city": "Hamburg", "category": "tech",
            "capacity": capacity,
            "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
        });
        let url = format!("{}/events", self.event);
        let (_, created) = self.call("POST", url, owner, body).await;
        created["data"]["id"].as_str().unwrap().to_owned()
    }

    async fn join(&self, event: &str, user: Uuid) -> (u16, Value) {
        let url = format!("{}/join", self.join);
        self.call("POST", url, user, json!({ "event_id": event }))
            .await
    }

    /// Returns an outbox metric of the join service, summed over its series.
    fn outbox_metric(&self, name: &str) -> u64 {
        let metrics = seaworthy_testkit::http::get(self.admin, "/metrics").unwrap();
        let series = metrics.body.lines().filter(|line| line.starts_with(name));
        let values: Vec<u64> = series
            .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        assert!(!values.is_empty(), "no metric {name}");
        values.iter().sum()
    }

    /// Returns the number of participants that the event service shows.
    async fn participants(&self, event: &str) -> Value {
        let url = format!("{}/events/{event}", self.event);
        let (_, body) = self.call("GET", url, Uuid::nil(), Value::Null).await;
        body["data"]["active_participants"].clone()
    }
}

/// Takes an event from draft to cancellation, with a waitlist, bans and a kick.
async fn run_event_lifecycle(platform: Platform) {
    let (owner, ada, ben) = (new_id(), new_id(), new_id());
    let event = platform.create_event(owner, 1).await;
    assert_eq!(
        platform.join(&event, ada).await.0,
        404,
        "the event service publishes no message about a draft"
    );
    let change_state = async |action: &str| {
        let url = format!("{}/events/{event}/{action}", platform.event);
        assert_eq!(platform.call("POST", url, owner, Value::Null).await.0, 200);
    };
    change_state("publish").await;
    eventually(async || platform.join(&event, ada).await.0 != 404).await;
    assert_eq!(platform.join(&event, owner).await.0, 403);
    let (_, response) = platform.join(&event, ben).await;
    assert_eq!(response["data"]["status"], "waitlisted");
    eventually(async || platform.participants(&event).await == 1).await;

    // A higher capacity promotes the waitlisted user.
    let url = format!("{}/events/{event}", platform.event);
    platform
        .call("PATCH", url, owner, json!({ "capacity": 2 }))
        .await;
    eventually(async || platform.participants(&event).await == 2).await;
    let url = format!("{}/join/{event}", platform.join);
    platform.call("DELETE", url, ada, Value::Null).await;
    eventually(async || platform.participants(&event).await == 1).await;

    change_state("unpublish").await;
    eventually(async || platform.join(&event, new_id()).await.0 == 410).await;
    change_state("publish").await;
    eventually(async || platform.join(&event, ada).await.0 == 200).await;
    // Some messages have no subscriber. The relay sends them all.
    let bans = format!("{}/events/{event}/bans", platform.join);
    let carl = new_id();
    let (banned, _) = platform
        .call("POST", bans.clone(), owner, json!({ "user_id": carl }))
        .await;
    let url = format!("{bans}/{carl}");
    let (lifted, _) = platform.call("DELETE", url, owner, Value::Null).await;
    assert_eq!((banned, lifted), (200, 200));
    let url = format!("{}/events/{event}/participants/{ben}", platform.join);
    let (kicked, _) = platform.call("DELETE", url, owner, Value::Null).await;
    assert_eq!(kicked, 200);
    assert_eq!(platform.join(&event, ben).await.0, 200);
    eventually(async || {
        platform.outbox_metric("join_service_outbox_stored_messages_total")
            == platform.outbox_metric("join_service_outbox_sent_messages_total")
    })
    .await;
    let dead_letters = platform.outbox_metric("join_service_outbox_dead_letters_total");
    assert_eq!(dead_letters, 0);
    change_state("cancel").await;
    let url = format!("{}/events/{event}/participation", platform.join);
    for user in [ada, ben] {
        eventually(async || {
            let response = platform.call("GET", url.clone(), user, Value::Null).await;
            response.1["data"]["status"] == "expired"
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_lifecycle_on_sqlite_and_embedded_broker() {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let databases = [
        EmptyDatabase::sqlite().unwrap(),
        EmptyDatabase::sqlite().unwrap(),
    ];
    run_event_lifecycle(start_platform(databases, &broker).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_lifecycle_on_postgres_and_rabbitmq() {
    let (Some(one), Some(two)) = (EmptyDatabase::postgres(), EmptyDatabase::postgres()) else {
        return;
    };
    let Some(broker) = RABBITMQ.get() else {
        return;
    };
    let _lock = RABBITMQ_LOCK.lock().await;
    let databases = [one, two];
    run_event_lifecycle(start_platform(databases, &broker.url()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_have_app_id_and_trace_id_as_correlation_id_msg_8() {
    let (Some(one), Some(two)) = (EmptyDatabase::postgres(), EmptyDatabase::postgres()) else {
        return;
    };
    let Some(broker) = RABBITMQ.get() else {
        return;
    };
    let _lock = RABBITMQ_LOCK.lock().await;
    let url = broker.url();
    let platform = start_platform([one, two], &url).await;
    let queue = ForeignQueue::bind(&url, &ROUTING_KEYS).await;
    let (owner, ada, ben) = (new_id(), new_id(), new_id());
    let event = platform.create_event(owner, 1).await;
    let call = async |method: &str, path: &str, user: Uuid, body: Value| {
        let url = format!("{}/{path}", platform.join);
        let (status, response) = platform.call(method, url, user, body).await;
        assert_eq!(status, 200, "{method} {path}: {response}");
    };
    let change_state = async |action: &str| {
        let url = format!("{}/events/{event}/{action}", platform.event);
        assert_eq!(platform.call("POST", url, owner, Value::Null).await.0, 200);
    };
    change_state("publish").await;
    eventually(async || platform.join(&event, ada).await.0 == 200).await;
    // The waitlisted user gets the seat.
    assert_eq!(platform.join(&event, ben).await.0, 200);
    call("DELETE", &format!("join/{event}"), ada, Value::Null).await;
    let managed = format!("events/{event}");
    let kick = format!("{managed}/participants/{ben}");
    call("DELETE", &kick, owner, Value::Null).await;
    let bans = format!("{managed}/bans");
    call("POST", &bans, owner, json!({ "user_id": ben })).await;
    call("DELETE", &format!("{bans}/{ben}"), owner, Value::Null).await;
    assert_eq!(platform.join(&event, ben).await.0, 200);

    let mut routing_keys = Vec::new();
    while routing_keys.len() < JOIN_MESSAGES.len() {
        let message = queue.next().await;
        let key = message.delivery.routing_key.to_string();
        assert_eq!(app_id(&message).as_deref(), Some("join-service"), "{key}");
        assert_eq!(correlation_id(&message), Some(trace_id(&message)), "{key}");
        routing_keys.push(key);
    }
    routing_keys.sort();
    assert_eq!(routing_keys, JOIN_MESSAGES);

    change_state("cancel").await;
    let canceled = queue.next().await;
    assert_eq!(app_id(&canceled).as_deref(), Some("join-service"));
    let body: Value = serde_json::from_slice(&canceled.delivery.data).unwrap();
    assert_eq!(
        correlation_id(&canceled).as_deref(),
        body["trace_id"].as_str()
    );
    assert_eq!(body["trace_id"].as_str().unwrap().len(), 32);
}
