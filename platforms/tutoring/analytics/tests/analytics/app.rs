use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use seaworthy::{
    config::{Environment, Loader},
    data::{
        Connection as _, Database, DatabaseConfig, Engine,
        chrono::{DateTime, Utc},
        sql,
    },
    messaging::{DeadLetters, Message, MessageId, Messaging, MessagingConfig, Publisher, Topics},
    prelude::*,
    redis::RedisConfig,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
    redis::RedisServer,
    requirement::required,
};
use serde_json::Value;
use tempfile::TempDir;
use tutoring_analytics::AnalyticsConfig;
use tutoring_contract::{
    AccessTokenConfig, AccessTokens, Role, Subject, Territory,
    events::{KINDS, Kind, Occurred, message},
};
use tutoring_identity::{LiveSessions, SessionRecord};
use uuid::Uuid;

const SESSION: &str = "session";
const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
/// The maximum time that these tests wait for a condition.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) const STUDENT: u128 = 7;
pub(crate) const TRAINER: u128 = 0x7a;
pub(crate) const COURSE: u128 = 3;

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct PeerConfig {
    broker: MessagingConfig,
}

/// The running service, and a service that publishes messages.
pub(crate) struct TestApp {
    http: SocketAddr,
    publisher: Publisher,
    pub(crate) dead_letters: DeadLetters,
    admin: SocketAddr,
    redis: Option<RedisServer>,
    _service: RunningService,
    _peer: RunningService,
    _folder: TempDir,
    empty: EmptyDatabase,
}

pub(crate) async fn embedded() -> TestApp {
    open(EmptyDatabase::sqlite().unwrap(), None).await
}

/// Starts on PostgreSQL and Redis. Returns `None` if one of them is not installed.
pub(crate) async fn on_servers() -> Option<TestApp> {
    let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    let empty = EmptyDatabase::postgres()?;
    Some(open(empty, Some(RedisServer::start(redis).unwrap())).await)
}

async fn open(empty: EmptyDatabase, redis: Option<RedisServer>) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let (peer, publisher, dead_letters) = start_peer(&broker).await;
    let mut settings = vec![
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("access_tokens.secret={SECRET}"),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    if let Some(redis) = &redis {
        settings.push(format!("redis.url={}", redis.url()));
        begin_session(redis).await;
    }
    let loader = Loader::new("tutoring-analytics")
        .environment(Environment::default())
        .overrides(settings);
    let service = tutoring_analytics::service()
        .start::<AnalyticsConfig, _>(loader, tutoring_analytics::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        publisher,
        dead_letters,
        admin: service.addresses().admin,
        redis,
        _service: service,
        _peer: peer,
        _folder: folder,
        empty,
    }
}

fn sessions(redis: &RedisServer) -> LiveSessions {
    let config = RedisConfig {
        url: redis.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    LiveSessions::new(Some(&config)).unwrap()
}

/// Stores the session of all tokens.
async fn begin_session(redis: &RedisServer) {
    let user = Uuid::from_u128(STUDENT);
    let record = SessionRecord::of_request(SESSION, user, Role::Student, 0);
    sessions(redis).put(&record).await.unwrap();
}

async fn start_peer(broker: &str) -> (RunningService, Publisher, DeadLetters) {
    let loader = Loader::new("peer")
        .environment(Environment::default())
        .overrides([
            format!("broker.url={broker}"),
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
            "log.level=error".to_owned(),
        ]);
    let made = Arc::new(Mutex::new(None));
    let parts = Arc::clone(&made);
    let started =
        Service::new("peer", "1").start(loader, async |service: &Assembly<PeerConfig>| {
            let messaging =
                Messaging::connect(service, "broker", &service.settings().broker).await?;
            let topics = KINDS.iter().map(|(_, topic)| topic);
            let topics = topics.fold(Topics::new(), |topics, topic| {
                topics.and_unroutable_topic(topic)
            });
            let publisher = messaging.publisher(topics).await?;
            *made.lock().unwrap() = Some((publisher, messaging.dead_letters().unwrap()));
            Ok(())
        });
    let peer = started
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let (publisher, dead_letters) = parts.lock().unwrap().take().unwrap();
    (peer, publisher, dead_letters)
}

/// Creates the partition of a month on PostgreSQL.
pub(crate) async fn create_partition(database: &Database, time: DateTime<Utc>) {
    if database.engine() == Engine::Postgres {
        let _created: (bool,) = sql("SELECT create_events_partition(?)")
            .bind(time)
            .fetch_one(database)
            .await
            .unwrap();
    }
}

pub(crate) fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// Returns the data of a successful response.
#[track_caller]
pub(crate) fn data(answer: &Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{}", answer.body);
    json_of(answer)["data"].clone()
}

/// Waits until a value exists.
pub(crate) fn wait_for<T>(condition: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < TIMEOUT, "{condition} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn token(id: u128, role: Role) -> String {
    token_with(id, role, &[])
}

/// Returns a token of an administrator with permissions.
pub(crate) fn admin(permissions: &[&str]) -> String {
    token_with(1, Role::Admin, permissions)
}

fn token_with(id: u128, role: Role, permissions: &[&str]) -> String {
    let subject = Subject {
        id: Uuid::from_u128(id),
        role,
        admin_roles: Vec::new(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    };
    let config = AccessTokenConfig {
        secret: Some(Secret::new(SECRET.to_owned())),
        ..AccessTokenConfig::default()
    };
    let signed = AccessTokens::new(&config).unwrap().sign(&subject, SESSION);
    signed.unwrap().expose().clone()
}

pub(crate) fn student() -> String {
    token(STUDENT, Role::Student)
}

pub(crate) fn reader() -> String {
    admin(&["analytics:read"])
}

impl TestApp {
    /// Sends a request to a path below `/api/v1/analytics`.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if !token.is_empty() {
            headers.push(("authorization", &bearer));
        }
        let body = match body.is_null() {
            true => String::new(),
            false => body.to_string(),
        };
        let path = format!("/api/v1/analytics{path}");
        request(self.http, method, &path, &headers, &body).unwrap()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str, token: &str) -> Value {
        data(&self.call("GET", path, token, &Value::Null))
    }

    /// Returns the events that a query finds, as soon as there are `count`.
    pub(crate) fn wait_for_events(&self, query: &str, count: usize) -> Vec<Value> {
        let path = format!("/events?limit=100&{query}");
        wait_for(query, || {
            let page = self.get(&path, &reader());
            let items = page["items"].as_array().unwrap().clone();
            (items.len() >= count).then_some(items)
        })
    }

    /// Publishes an event.
    pub(crate) async fn publish<K: Kind>(&self, event: &Occurred<K>) {
        self.publisher.publish(message(event)).await.unwrap();
    }

    /// Publishes an event as the message with this ID.
    pub(crate) async fn publish_as<K: Kind>(&self, event: &Occurred<K>, id: &MessageId) {
        let message = message(event).id(id.clone());
        self.publisher.publish(message).await.unwrap();
    }

    /// Publishes a body to a topic.
    pub(crate) async fn publish_raw(&self, topic: &str, body: &str) {
        let message = Message::raw(topic, "application/json", body.to_owned());
        self.publisher.publish(message).await.unwrap();
    }

    /// Starts the worker that removes old events.
    pub(crate) fn purge(&self) {
        let path = "/workers/purge%20events/run";
        // The replica takes the lease of the worker first.
        wait_for("the run", || {
            let run = request(self.admin, "POST", path, &[("x-admin-request", "1")], "").unwrap();
            (run.status == 200).then_some(())
        });
    }

    /// Ends the session of all tokens. Returns `false` without Redis.
    pub(crate) async fn end_session(&self) -> bool {
        let Some(redis) = &self.redis else {
            return false;
        };
        sessions(redis).remove(SESSION).await.unwrap();
        true
    }

    /// Connects to the database of the service.
    pub(crate) async fn database(&self) -> Database {
        let config = DatabaseConfig {
            url: self.empty.url().parse().unwrap(),
            ..DatabaseConfig::default()
        };
        Database::builder("test", config).open().await.unwrap()
    }
}
