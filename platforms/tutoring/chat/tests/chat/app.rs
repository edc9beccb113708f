use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use seaworthy::{
    config::{Environment, Loader},
    data::{Database, sql},
    messaging::{MessageId, Received as Message, Subscription, Topics},
    service::RunningService,
};
use seaworthy_testkit::{database::EmptyDatabase, http::HttpResponse, operation_log, worker};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_chat::ChatConfig;
use tutoring_contract::{
    LiveEvent, Role,
    events::{
        AdminOverride, BusinessEvent, Kind, NotificationRequested, StudentChanged,
        StudentDeallocated, TrainerAllocated, TrainerChanged, message,
    },
};
use tutoring_identity::LiveSealer;
use tutoring_testkit::{Events as Recorded, Peer, SECRET, access_tokens, call, connect};
use uuid::Uuid;

pub(crate) use tutoring_testkit::{data, json_of, wait_for};

/// The maximum time that these tests wait for a condition.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) const STUDENT: u128 = 7;
pub(crate) const TRAINER: u128 = 0x7a;
pub(crate) const COURSE: u128 = 3;

#[derive(Clone, Default)]
struct Events {
    live: Arc<Mutex<Vec<LiveEvent>>>,
    notifications: Recorded,
    overrides: Recorded,
}

/// The running service, and a service that exchanges messages with it.
pub(crate) struct TestApp {
    http: SocketAddr,
    admin: SocketAddr,
    events: Events,
    peer: Peer,
    _service: RunningService,
    _folder: TempDir,
    empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let events = Events::default();
    let peer = start_peer(&broker, &events).await;
    // The files of the storage are at the address of the service, which is chosen here.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let loader = Loader::new("tutoring-chat")
        .environment(Environment::default())
        .overrides([
            format!("backend.database.url={}", empty.url()),
            "backend.database.migrate_at_start=true".to_owned(),
            format!("backend.broker.url={broker}"),
            format!("backend.access_tokens.secret={SECRET}"),
            format!("audit_log.key={SECRET}"),
            "operation_log.enabled=true".to_owned(),
            format!("kms.seed={SECRET}"),
            format!("kms.salt={SECRET}"),
            format!(
                "attachments.url=file:{}",
                folder.path().join("files").display()
            ),
            format!("attachments.public_url=http://{address}/attachments"),
            format!("server.http.addr={address}"),
            "admin.addr=127.0.0.1:0".to_owned(),
            "server.http.rate_limit.enabled=false".to_owned(),
            "server.http.access_log.enabled=false".to_owned(),
            "log.level=error".to_owned(),
        ]);
    let service = tutoring_chat::service()
        .start::<ChatConfig, _>(loader, tutoring_chat::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        admin: service.addresses().admin,
        events,
        peer,
        _service: service,
        _folder: folder,
        empty,
    }
}

async fn start_peer(broker: &str, events: &Events) -> Peer {
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<TrainerAllocated>>()
        .with_unroutable::<BusinessEvent<StudentDeallocated>>()
        .with_unroutable::<BusinessEvent<StudentChanged>>()
        .with_unroutable::<BusinessEvent<TrainerChanged>>();
    let live = Arc::clone(&events.live);
    let subscription =
        Subscription::new("peer").on::<LiveEvent, _, _>(move |event: Message<LiveEvent>| {
            live.lock().unwrap().push(event.event().clone());
            async { Ok(()) }
        });
    let notifications = &events.notifications;
    let subscription = notifications.record::<BusinessEvent<NotificationRequested>>(subscription);
    let overrides = &events.overrides;
    let subscription = overrides.record::<BusinessEvent<AdminOverride>>(subscription);
    Peer::start(broker, topics, Some(subscription)).await
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

pub(crate) fn trainer() -> String {
    token(TRAINER, Role::Trainer)
}

/// An allocation of a trainer to the student.
pub(crate) fn allocation(id: u128, trainer: u128) -> TrainerAllocated {
    TrainerAllocated {
        allocation_id: Uuid::from_u128(id),
        trainer_id: Uuid::from_u128(trainer),
        student_id: Uuid::from_u128(STUDENT),
        course_id: Uuid::from_u128(COURSE),
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    }
}

/// A message of the student to the trainer.
pub(crate) fn to_trainer(client_id: &str, content: &str) -> Value {
    json!({ "recipientIds": [Uuid::from_u128(TRAINER)], "content": content, "clientMessageId": client_id })
}

impl TestApp {
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        self.api(method, &format!("/chat{path}"), token, body)
    }

    /// Sends a request to a path below `/api/v1`.
    pub(crate) fn api(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        call(self.http, (method, path), token, &[], body)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Value {
        data(&self.call("GET", path, token, &Value::Null))
    }

    pub(crate) fn send(&self, token: &str, body: &Value) -> HttpResponse {
        self.call("POST", "/messages", token, body)
    }

    /// Publishes an event.
    pub(crate) async fn publish<K: Kind>(&self, data: K) {
        let event = message(&BusinessEvent::new(data));
        self.peer.publisher.publish(event).await.unwrap();
    }

    /// Publishes an event as the message with this ID.
    pub(crate) async fn publish_as<K: Kind>(&self, data: K, id: &MessageId) {
        let event = message(&BusinessEvent::new(data)).id(id.clone());
        self.peer.publisher.publish(event).await.unwrap();
    }

    /// Publishes the names of the student and the trainer, and waits for the last one.
    pub(crate) async fn publish_names(&self) {
        let student_id = Uuid::from_u128(STUDENT);
        self.publish(StudentChanged {
            student_id,
            version: 9,
            snapshot: json!({ "username": "asha_7", "isEmailVerified": true }),
        })
        .await;
        for (version, name) in [(2, "Asha Nair"), (1, "An older name")] {
            self.publish(StudentChanged {
                student_id,
                version,
                snapshot: json!({ "fullName": name, "avatarUrl": "https://files.example.org/a" }),
            })
            .await;
        }
        self.publish_trainer(TRAINER, "Ravi Menon").await;
    }

    /// Publishes the profile of a trainer, and waits until the service has stored it.
    pub(crate) async fn publish_trainer(&self, id: u128, name: &str) {
        let trainer_id = Uuid::from_u128(id);
        self.publish(TrainerChanged {
            trainer_id,
            version: 1,
            snapshot: json!({ "fullName": name }),
        })
        .await;
        let people = "SELECT COUNT(*) FROM people WHERE user_id = ?";
        self.wait_for_row(people, trainer_id).await;
    }

    /// Returns the contents of the entries of the operation log, the newest first.
    pub(crate) fn logged_contents(&self) -> Vec<String> {
        let entries = operation_log::entries(self.admin).unwrap();
        let content = |entry: &Value| entry["content"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(content).collect()
    }

    /// Runs a worker to its end.
    pub(crate) fn run_worker(&self, name: &str) {
        worker::run(self.admin, name).unwrap();
    }

    /// Waits until a statement counts a row with an ID.
    pub(crate) async fn wait_for_row(&self, count: &'static str, id: Uuid) {
        let database = self.database().await;
        let started = Instant::now();
        loop {
            let (rows,): (u64,) = sql(count).bind(id).fetch_one(&database).await.unwrap();
            if rows > 0 {
                return;
            }
            assert!(started.elapsed() < TIMEOUT, "no row: {count}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Allocates the trainer to the student, and waits until they can write.
    pub(crate) async fn allocate(&self) {
        self.publish(allocation(1, TRAINER)).await;
        wait_for("the contact", || {
            let sent = self.send(&student(), &to_trainer("first", "Hello"));
            (sent.status == 201).then_some(())
        });
    }

    /// Returns the live events with a name, as soon as there are `count`.
    pub(crate) fn wait_for_live(&self, name: &str, count: usize) -> Vec<LiveEvent> {
        wait_for("the live events", || {
            let live = self.events.live.lock().unwrap();
            let of = live.iter().filter(|event| event.event == name);
            let of: Vec<_> = of.cloned().collect();
            (of.len() >= count).then_some(of)
        })
    }

    pub(crate) fn wait_for_notification(&self) -> Value {
        wait_for("the notification", || {
            self.events.notifications.all().first().cloned()
        })
    }

    /// Returns the notifications of a doubt for a user, as soon as there are `count`.
    pub(crate) fn wait_for_notifications(&self, of: (u128, &Value), count: usize) -> Vec<Value> {
        let (user, doubt) = (json!(Uuid::from_u128(of.0)), of.1);
        wait_for("the notifications", || {
            let requested = self.events.notifications.all();
            let found = requested.iter().filter(|requested| {
                requested["recipientId"] == user && requested["data"]["doubtId"] == *doubt
            });
            let found: Vec<_> = found.cloned().collect();
            (found.len() >= count).then_some(found)
        })
    }

    pub(crate) fn wait_for_override(&self) -> Value {
        wait_for("the event of the administrator", || {
            self.events.overrides.all().first().cloned()
        })
    }

    /// Decrypts the payload of a live event, as the gateway does.
    pub(crate) async fn opened(&self, event: &LiveEvent) -> Value {
        let sealer = LiveSealer::new(&access_tokens()).unwrap();
        sealer.open(event).await.unwrap()
    }

    /// Connects to the database of the service.
    pub(crate) async fn database(&self) -> Database {
        connect(&self.empty).await
    }
}
