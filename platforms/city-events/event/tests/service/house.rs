//! The service in this process, what it listens to and who listens to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use chrono::Utc;
use city_events_contract::messages::{
    EventCanceled, EventPublished, EventUnpublished, EventUpdated, JoinCanceled, JoinCounted,
    JoinCreated, JoinKicked, JoinPromoted, UserChanged,
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

/// What was heard: the topic, the id of the message and the body.
type Heard = Arc<Mutex<Vec<(&'static str, String, Value)>>>;

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
    _event: RunningService,
    _outside: RunningService,
    _folder: TempDir,
    _empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> House {
    open_with(empty, &[]).await
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
    let event = city_events_event::service()
        .start(loader("event", overrides), city_events_event::assemble)
        .await
        .unwrap();
    let (outside, publisher, heard) = outside(broker).await;
    let config = DatabaseConfig::at(empty.url().parse().unwrap());
    let addresses = event.addresses();
    House {
        base: format!("http://{}", addresses.http),
        grpc: format!("http://{}", addresses.grpc.unwrap()),
        admin: addresses.admin,
        database: Database::builder("look", config).open().await.unwrap(),
        publisher,
        heard,
        client: reqwest::Client::new(),
        _event: event,
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

/// Somebody who tells of joins, and hears everything that is said of events.
async fn outside(broker: String) -> (RunningService, Publisher, Heard) {
    let heard = Heard::default();
    let hearing = Arc::clone(&heard);
    let made = Arc::new(OnceLock::new());
    let making = Arc::clone(&made);
    let assemble = async move |service: &Assembly<OutsideConfig>| {
        let messaging = Messaging::connect(service, "broker", &service.settings().broker).await?;
        let topics = Topics::of::<JoinCreated>()
            .and::<JoinCanceled>()
            .and::<JoinPromoted>()
            .and::<JoinKicked>()
            .and::<JoinCounted>()
            .and::<UserChanged>();
        let _ = making.set(messaging.publisher(topics).await?);
        let all = Subscription::new("outside");
        let all = hear::<EventPublished>(all, &hearing);
        let all = hear::<EventUpdated>(all, &hearing);
        let all = hear::<EventUnpublished>(all, &hearing);
        messaging
            .subscribe(hear::<EventCanceled>(all, &hearing))
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
    subscription.on::<E, _, _, _>(move |received: Received<E>| {
        let body = serde_json::to_value(received.event()).unwrap();
        let id = received.envelope().id().as_str().to_owned();
        heard.lock().unwrap().push((E::TYPE, id, body));
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

/// A body of an event to come.
pub(crate) fn draft(title: &str) -> Value {
    json!({
        "title": title, "description": "Bring a boat", "city": "Hamburg", "category": "tech",
        "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z", "capacity": 10,
    })
}

impl House {
    pub(crate) async fn publish<E: Event + Serialize>(&self, message: &E) {
        self.publish_message(Message::of(message)).await;
    }

    pub(crate) async fn publish_message(&self, message: Message) {
        self.publisher.publish(message).await.unwrap();
    }

    /// A new draft's id.
    pub(crate) async fn draft(&self, owner: &Person, body: &Value) -> String {
        let (status, made) = self.post("/events", owner, body.clone()).await;
        assert_eq!(status, 201, "{made}");
        made["data"]["id"].as_str().unwrap().to_owned()
    }

    /// A new event's id, which everybody sees.
    pub(crate) async fn published(&self, owner: &Person, body: &Value) -> String {
        let id = self.draft(owner, body).await;
        let (status, answer) = self.act("publish", &id, owner).await;
        assert_eq!(status, 200, "{answer}");
        id
    }

    /// Publishes, unpublishes or cancels, without a body.
    pub(crate) async fn act(&self, what: &str, id: &str, person: &Person) -> (u16, Value) {
        let path = format!("/events/{id}/{what}");
        self.call("POST", &path, Some(person), None).await
    }

    pub(crate) async fn post(&self, path: &str, person: &Person, body: Value) -> (u16, Value) {
        self.call("POST", path, Some(person), Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, None, None).await
    }

    /// Waits for what comes with a message.
    pub(crate) async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let begun = tokio::time::Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < PATIENCE, "it did not come");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Below `/event/v1`.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        person: Option<&Person>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}/event/v1{path}", self.base);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(person) = person {
            request = request.bearer_auth(&person.token);
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

    /// A request that is made by hand.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The ids and bodies of what was heard of an event on a topic.
    pub(crate) fn heard(&self, topic: &str, event: &str) -> Vec<(String, Value)> {
        let heard = self.heard.lock().unwrap();
        let of_event = heard
            .iter()
            .filter(|(kind, _, body)| *kind == topic && body["payload"]["event_id"] == event);
        of_event
            .map(|(_, id, body)| (id.clone(), body.clone()))
            .collect()
    }
}

/// The code of a refusal.
pub(crate) fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}
