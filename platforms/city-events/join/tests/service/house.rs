//! The service in this process, what it listens to and who listens to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use city_events_contract::messages::{
    Announcement, EmailEventCanceled, EventCanceled, EventEnvelope, EventPublished,
    EventUnpublished, EventUpdated, JoinBanned, JoinCanceled, JoinCounted, JoinCreated, JoinKicked,
    JoinPromoted, JoinUnbanned, UserChanged,
};
use seaworthy::{
    config::{Environment, Loader, Profile},
    data::{Database, DatabaseConfig},
    messaging::{
        Event, Failure, Message, Messaging, MessagingConfig, Publisher, Received, Subscription,
        Topics,
    },
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const SECRET: &str = "a secret of the tests that is long enough";
const PATIENCE: Duration = Duration::from_secs(20);

/// What was heard: the topic and the body.
pub(crate) type Heard = Arc<Mutex<Vec<(&'static str, Value)>>>;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OutsideConfig {
    broker: MessagingConfig,
}

/// The service and what is around it.
pub(crate) struct House {
    pub(crate) base: String,
    pub(crate) grpc: String,
    pub(crate) admin: SocketAddr,
    pub(crate) database: Database,
    publisher: Publisher,
    heard: Heard,
    client: reqwest::Client,
    join: RunningService,
    _outside: RunningService,
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> House {
    open_with(empty, &[]).await
}

/// With a waitlist for everybody.
pub(crate) async fn open_wide(empty: EmptyDatabase) -> House {
    open_with(empty, &["waitlist.shortest=2000", "waitlist.longest=2000"]).await
}

/// Stops at once.
pub(crate) async fn open_brief(empty: EmptyDatabase) -> House {
    open_with(empty, &["lifecycle.drain_delay=0s"]).await
}

/// Publishes counts continuously.
pub(crate) async fn open_counting(empty: EmptyDatabase) -> House {
    open_with(empty, &["counting.every=50ms"]).await
}

/// With other settings than the defaults.
pub(crate) async fn open_with(empty: EmptyDatabase, settings: &[&str]) -> House {
    let folder = tempfile::tempdir().unwrap();
    let broker = format!(
        "broker.url=sqlite:{}",
        folder.path().join("broker.db").display()
    );
    let own = [
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        "server.grpc.addr=127.0.0.1:0".to_owned(),
        format!("jwt.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        "server.http.rate_limit.enabled=false".to_owned(),
    ];
    let settings = settings.iter().map(|setting| (*setting).to_owned());
    let overrides = own.into_iter().chain(settings).chain([broker.clone()]);
    let join = city_events_join::service()
        .start(loader("join", overrides), city_events_join::assemble)
        .await
        .unwrap();
    let (outside, publisher, heard) = outside(broker).await;
    let config = DatabaseConfig::at(empty.url().parse().unwrap());
    let addresses = join.addresses();
    House {
        base: format!("http://{}", addresses.http),
        grpc: format!("http://{}", addresses.grpc.unwrap()),
        admin: addresses.admin,
        database: Database::builder("look", config).open().await.unwrap(),
        publisher,
        heard,
        client: reqwest::Client::new(),
        join,
        _outside: outside,
        _folder: folder,
        _empty: empty,
    }
}

fn loader(name: &str, overrides: impl IntoIterator<Item = String>) -> Loader {
    let common = ["server.http.addr", "admin.addr"].map(|key| format!("{key}=127.0.0.1:0"));
    let level = std::iter::once("log.level=error".to_owned());
    Loader::new(name)
        .profile(Profile::Test)
        .environment(Environment::default())
        .overrides(common.into_iter().chain(level).chain(overrides))
}

/// Somebody who announces events, and hears everything that is said of joins.
async fn outside(broker: String) -> (RunningService, Publisher, Heard) {
    let heard = Heard::default();
    let hearing = Arc::clone(&heard);
    let made = Arc::new(OnceLock::new());
    let making = Arc::clone(&made);
    let assemble = async move |service: &Assembly<OutsideConfig>| {
        let messaging = Messaging::connect(service, "broker", &service.settings().broker).await?;
        let topics = Topics::of::<EventPublished>()
            .and::<EventUpdated>()
            .and::<EventCanceled>()
            .and::<EventUnpublished>()
            .and::<UserChanged>();
        let _ = making.set(messaging.publisher(topics).await?);
        let all = Subscription::new("outside");
        let all = hear::<JoinCreated>(all, &hearing);
        let all = hear::<JoinCanceled>(all, &hearing);
        let all = hear::<JoinPromoted>(all, &hearing);
        let all = hear::<JoinKicked>(all, &hearing);
        let all = hear::<JoinBanned>(all, &hearing);
        let all = hear::<JoinUnbanned>(all, &hearing);
        let all = hear::<JoinCounted>(all, &hearing);
        messaging
            .subscribe(hear::<EmailEventCanceled>(all, &hearing))
            .await?;
        Ok(())
    };
    let running = Service::new("outside", "1")
        .start(loader("outside", [broker]), assemble)
        .await
        .unwrap();
    let publisher = made.get().unwrap().clone();
    (running, publisher, heard)
}

fn hear<E: Event + serde::de::DeserializeOwned + Serialize + Sync>(
    subscription: Subscription,
    heard: &Heard,
) -> Subscription {
    let heard = Arc::clone(heard);
    subscription.on::<E, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        heard.lock().unwrap().push((E::TYPE, body));
        async { Ok::<_, Failure>(()) }
    })
}

/// A user, or somebody with more rights.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

/// Somebody whom nobody knows yet.
pub(crate) fn user() -> Person {
    person(seaworthy::core::new_id(), "user")
}

/// The same as a moderator.
pub(crate) fn moderator() -> Person {
    person(seaworthy::core::new_id(), "moderator")
}

/// With the claims that the load script's tokens have: no `iat`, no `ver`.
pub(crate) fn person(id: Uuid, role: &str) -> Person {
    let claims = json!({
        "iss": "auth-service", "sub": id, "uid": id, "username": "ada", "role": role,
        "exp": Utc::now().timestamp() + 600,
    });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    Person { id, token }
}

/// An event that is announced.
#[derive(Debug, Clone)]
pub(crate) struct Announced {
    pub(crate) id: Uuid,
    pub(crate) owner: Uuid,
    pub(crate) capacity: i32,
    pub(crate) end: DateTime<Utc>,
    pub(crate) at: DateTime<Utc>,
}

impl Announced {
    pub(crate) fn of(capacity: i32) -> Self {
        Self {
            id: seaworthy::core::new_id(),
            owner: seaworthy::core::new_id(),
            capacity,
            end: Utc::now() + chrono::TimeDelta::hours(2),
            at: Utc::now(),
        }
    }

    pub(crate) fn envelope(&self, status: &str) -> EventEnvelope<Announcement> {
        EventEnvelope {
            version: 1,
            producer: "event-service".to_owned(),
            message_id: seaworthy::core::new_id(),
            trace_id: None,
            occurred_at: self.at,
            payload: Announcement {
                event_id: self.id,
                owner_id: Some(self.owner.to_string()),
                title: "Rust".to_owned(),
                city: "Hamburg".to_owned(),
                category: "tech".to_owned(),
                start_time: Some(self.end - chrono::TimeDelta::hours(1)),
                end_time: Some(self.end),
                capacity: self.capacity,
                status: status.to_owned(),
                reason: None,
                actor_role: None,
                cover_image_ids: Vec::new(),
            },
        }
    }

    /// The same, told later.
    pub(crate) fn later(&self) -> Self {
        Self {
            at: self.at + chrono::TimeDelta::seconds(1),
            ..self.clone()
        }
    }
}

impl House {
    pub(crate) async fn publish<E: Event + Serialize>(&self, message: &E) {
        self.publish_message(Message::of(message)).await;
    }

    pub(crate) async fn publish_message(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// An event that people can join.
    pub(crate) async fn event(&self, capacity: i32) -> Announced {
        let event = Announced::of(capacity);
        self.announce(&event).await;
        event
    }

    /// Tells of it, and waits until it is known.
    pub(crate) async fn announce(&self, event: &Announced) {
        self.publish(&EventPublished(event.envelope("published")))
            .await;
        self.until(async || {
            let stats = self.stats(event).await.1;
            stats["data"]["capacity"] == event.capacity
        })
        .await;
    }

    pub(crate) async fn stats(&self, event: &Announced) -> (u16, Value) {
        let path = format!("/events/{}/stats", event.id);
        self.call("GET", &path, &moderator(), None, &[]).await
    }

    /// How many have a place and how many wait.
    pub(crate) async fn seats(&self, event: &Announced) -> (u64, u64) {
        let stats = self.stats(event).await.1;
        let count = |name: &str| stats["data"][name].as_u64().unwrap();
        (count("active_count"), count("waitlist_count"))
    }

    /// Waits for what comes with a message.
    pub(crate) async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let begun = tokio::time::Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < PATIENCE, "it did not come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn join(&self, event: &Announced, person: &Person) -> (u16, Value) {
        self.join_with(event, person, &seaworthy::core::new_id().to_string())
            .await
    }

    pub(crate) async fn join_with(
        &self,
        event: &Announced,
        person: &Person,
        key: &str,
    ) -> (u16, Value) {
        let body = json!({ "event_id": event.id });
        let key = [("Idempotency-Key", key)];
        self.call("POST", "/join", person, Some(body), &key).await
    }

    pub(crate) async fn leave(&self, event: &Announced, person: &Person) -> (u16, Value) {
        let key = seaworthy::core::new_id().to_string();
        self.leave_with(event, person, &key).await
    }

    pub(crate) async fn leave_with(
        &self,
        event: &Announced,
        person: &Person,
        key: &str,
    ) -> (u16, Value) {
        let path = format!("/join/{}", event.id);
        let key = [("X-Idempotency-Key", key)];
        self.call("DELETE", &path, person, None, &key).await
    }

    /// The status of somebody's part; empty where there is none.
    pub(crate) async fn status(&self, event: &Announced, person: &Person) -> String {
        let path = format!("/events/{}/participation", event.id);
        let (status, body) = self.call("GET", &path, person, None, &[]).await;
        match status {
            404 => String::new(),
            _ => body["data"]["status"].as_str().unwrap().to_owned(),
        }
    }

    /// Below `/api/v1`.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        person: &Person,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}/api/v1{path}", self.base);
        let mut request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&person.token);
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

    /// What operators read.
    pub(crate) fn metrics(&self) -> String {
        seaworthy_testkit::http::get(self.admin, "/metrics")
            .unwrap()
            .body
    }

    /// The sum of all series of a metric.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let series = metrics
            .lines()
            .filter(|line| line.split(['{', ' ']).next() == Some(name));
        series
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Stops the service, and returns the folder and the database that it had.
    pub(crate) async fn stop(self) -> (TempDir, EmptyDatabase) {
        self.join.stop().await;
        (self._folder, self._empty)
    }

    /// A request that is made by hand.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The bodies of what was heard of an event on a topic.
    pub(crate) fn heard(&self, topic: &str, event: &Announced) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        let of_event = heard
            .iter()
            .filter(|(kind, body)| *kind == topic && body["event_id"] == event.id.to_string());
        of_event.map(|(_, body)| body.clone()).collect()
    }
}

/// The code of a refusal.
pub(crate) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

/// The status that a join was given.
pub(crate) fn joined(answer: &(u16, Value)) -> &str {
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1["data"]["status"].as_str().unwrap()
}
