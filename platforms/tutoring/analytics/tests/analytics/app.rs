use std::net::SocketAddr;

use seaworthy::{
    config::{Environment, Loader},
    data::{
        Connection as _, Database, Engine,
        chrono::{DateTime, Utc},
        sql,
    },
    messaging::{Message, MessageId, Topics},
    redis::RedisConfig,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase, http::HttpResponse, operation_log::only_entry, redis::RedisServer,
    requirement::required, worker,
};
use serde_json::Value;
use tempfile::TempDir;
use tutoring_analytics::AnalyticsConfig;
use tutoring_contract::{
    Role,
    events::{BusinessEvent, KINDS, Kind, message},
};
use tutoring_identity::{ActiveSessions, SessionRecord};
use tutoring_testkit::{Peer, SECRET, SESSION, call, connect};
use uuid::Uuid;

pub(crate) use tutoring_testkit::{data, json_of, wait_for};

pub(crate) const STUDENT: u128 = 7;
pub(crate) const TRAINER: u128 = 0x7a;
pub(crate) const COURSE: u128 = 3;

/// The running service, and a service that publishes messages.
pub(crate) struct TestApp {
    http: SocketAddr,
    pub(crate) peer: Peer,
    admin: SocketAddr,
    redis: Option<RedisServer>,
    _service: RunningService,
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
    let peer = start_peer(&broker).await;
    let mut settings = vec![
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("access_tokens.secret={SECRET}"),
        "operation_log.enabled=true".to_owned(),
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
        peer,
        admin: service.addresses().admin,
        redis,
        _service: service,
        _folder: folder,
        empty,
    }
}

fn sessions(redis: &RedisServer) -> ActiveSessions {
    let config = RedisConfig {
        url: redis.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    ActiveSessions::new(Some(&config)).unwrap()
}

/// Stores the session of all tokens.
async fn begin_session(redis: &RedisServer) {
    let user = Uuid::from_u128(STUDENT);
    let record = SessionRecord::from_request(SESSION, user, Role::Student, 0);
    sessions(redis).put(&record).await.unwrap();
}

async fn start_peer(broker: &str) -> Peer {
    let topics = KINDS.iter().map(|(_, topic)| topic);
    let topics = topics.fold(Topics::new(), |topics, topic| {
        topics.with_unroutable_topic(topic)
    });
    Peer::start(broker, topics, None).await
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

pub(crate) fn token(id: u128, role: Role) -> String {
    token_with(id, role, &[])
}

/// Returns a token of an administrator with permissions.
pub(crate) fn admin(permissions: &[&str]) -> String {
    token_with(1, Role::Admin, permissions)
}

fn token_with(id: u128, role: Role, permissions: &[&str]) -> String {
    tutoring_testkit::token(Uuid::from_u128(id), role, permissions)
}

pub(crate) fn student() -> String {
    token(STUDENT, Role::Student)
}

pub(crate) fn reader() -> String {
    admin(&["analytics:read"])
}

impl TestApp {
    /// Sends a request to a path below `/api/v1/analytics`.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        let path = format!("/analytics{path}");
        call(self.http, (method, &path), token, &[], body)
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
    pub(crate) async fn publish<K: Kind>(&self, event: &BusinessEvent<K>) {
        self.peer.publisher.publish(message(event)).await.unwrap();
    }

    /// Publishes an event as the message with this ID.
    pub(crate) async fn publish_as<K: Kind>(&self, event: &BusinessEvent<K>, id: &MessageId) {
        let message = message(event).id(id.clone());
        self.peer.publisher.publish(message).await.unwrap();
    }

    /// Publishes a body to a topic.
    pub(crate) async fn publish_raw(&self, topic: &str, body: &str) {
        let message = Message::raw(topic, "application/json", body.to_owned());
        self.peer.publisher.publish(message).await.unwrap();
    }

    /// Returns the only entry of the operation log.
    pub(crate) fn operation(&self) -> Value {
        only_entry(self.admin).unwrap()
    }

    /// Runs the worker that removes old events.
    pub(crate) fn purge(&self) {
        worker::run(self.admin, "purge events").unwrap();
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
        connect(&self.empty).await
    }
}
