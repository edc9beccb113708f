use std::{net::SocketAddr, process::Command};

use seaworthy::{
    config::{Environment, Loader},
    data::Database,
    messaging::{Subscription, Topics},
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
    worker,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_contract::{
    Role,
    events::{
        BusinessEvent, CertificateIssued, CourseAccessGranted, CourseChanged, CourseCompleted,
        CourseProgressUpdated, Kind, NotificationRequested, PaymentRefunded, PurchaseConfirmed,
        PurchaseCreated, SessionCompleted, StudentChanged, StudentDeallocated, TrainerAllocated,
        message,
    },
};
use tutoring_course::CourseConfig;
use tutoring_testkit::{Events, Peer, SECRET, SERVICE_SECRET, call, connect};
use uuid::Uuid;

pub(crate) use tutoring_testkit::{data, json_of, service_token, token, wait_for};

/// The trainer of allocations.
pub(crate) const TRAINER: Uuid = Uuid::from_u128(0x7a);
/// The beginnings of a video and of a document.
pub(crate) const VIDEO: &str = "\0\0\0\u{18}ftypmp42";
pub(crate) const PDF: &str = "%PDF-1.7";

/// The running service with its own database, and a service that exchanges messages with it.
pub(crate) struct TestApp {
    http: SocketAddr,
    pub(crate) admin: SocketAddr,
    settings: Vec<String>,
    events: Events,
    peer: Peer,
    _service: RunningService,
    _folder: TempDir,
    pub(crate) empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    open_with(empty, &[]).await
}

/// Starts the service with further settings.
pub(crate) async fn open_with(empty: EmptyDatabase, further: &[&str]) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let events = Events::default();
    let peer = start_peer(&broker, &events).await;
    // The files of the storage are at the address of the service, which is chosen here.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let mut settings = vec![
        format!("media.url=file:{}", folder.path().join("media").display()),
        format!("media.public_url=http://{address}/media"),
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("access_tokens.secret={SECRET}"),
        format!("service_tokens.secret={SERVICE_SECRET}"),
        format!("audit_log.key={SECRET}"),
        // A message is tried again after 1 s and 2 s.
        "broker.subscriptions.purchase-creation-workers.initial_backoff=1s".to_owned(),
        "certificate_url=https://app.example.org/certificates/".to_owned(),
        "seed=true".to_owned(),
        format!("server.http.addr={address}"),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    settings.extend(further.iter().map(|setting| (*setting).to_owned()));
    let loader = Loader::new("tutoring-course")
        .environment(Environment::default())
        .overrides(settings.clone());
    let service = tutoring_course::service()
        .start::<CourseConfig, _>(loader, tutoring_course::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        admin: service.addresses().admin,
        settings,
        events,
        peer,
        _service: service,
        _folder: folder,
        empty,
    }
}

async fn start_peer(broker: &str, events: &Events) -> Peer {
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<PurchaseConfirmed>>()
        .with_unroutable::<BusinessEvent<PaymentRefunded>>()
        .with_unroutable::<BusinessEvent<SessionCompleted>>()
        .with_unroutable::<BusinessEvent<TrainerAllocated>>()
        .with_unroutable::<BusinessEvent<StudentDeallocated>>()
        .with_unroutable::<BusinessEvent<StudentChanged>>();
    let subscription = Subscription::new("peer");
    let subscription = events.record::<BusinessEvent<CourseChanged>>(subscription);
    let subscription = events.record::<BusinessEvent<PurchaseCreated>>(subscription);
    let subscription = events.record::<BusinessEvent<CourseAccessGranted>>(subscription);
    let subscription = events.record::<BusinessEvent<CourseProgressUpdated>>(subscription);
    let subscription = events.record::<BusinessEvent<CourseCompleted>>(subscription);
    let subscription = events.record::<BusinessEvent<CertificateIssued>>(subscription);
    let subscription = events.record::<BusinessEvent<NotificationRequested>>(subscription);
    Peer::start(broker, topics, Some(subscription)).await
}

fn allocation_of(student: Uuid, course: Uuid) -> Uuid {
    Uuid::from_u128(student.as_u128() ^ course.as_u128())
}

/// Returns the allocation of the trainer to a student.
pub(crate) fn allocated(student: Uuid, course: Uuid) -> TrainerAllocated {
    TrainerAllocated {
        allocation_id: allocation_of(student, course),
        trainer_id: TRAINER,
        student_id: student,
        course_id: course,
        session_count: 10,
        start_date: "2026-12-01".parse().unwrap(),
        end_date: None,
        territory: None,
    }
}

pub(crate) fn student_token(student: Uuid) -> String {
    token(student, Role::Student, &[])
}

pub(crate) fn operator() -> String {
    token(Uuid::from_u128(1), Role::Admin, &["course:write"])
}

impl TestApp {
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        call(self.http, (method, path), token, &[], body)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> HttpResponse {
        self.call("GET", path, token, &Value::Null)
    }

    /// Returns the ID of the sample course.
    pub(crate) fn course(&self) -> Uuid {
        let list = data(&self.get("/courses?search=robot", ""));
        list["items"][0]["id"].as_str().unwrap().parse().unwrap()
    }

    /// Returns the ID of a level of the sample course, from 0.
    pub(crate) fn level(&self, course: Uuid, level: usize) -> String {
        let structure = data(&self.get(&format!("/courses/{course}/structure"), ""));
        let level = &structure["phases"][0]["levels"][level]["id"];
        level.as_str().unwrap().to_owned()
    }

    /// Runs a worker to its end.
    pub(crate) fn run_worker(&self, name: &str) {
        worker::run(self.admin, name).unwrap();
    }

    /// Connects to the database of the service.
    pub(crate) async fn database(&self) -> Database {
        connect(&self.empty).await
    }

    /// Returns the ID of the first session of a level of the sample course, from 0.
    pub(crate) fn session_of_level(&self, course: Uuid, level: usize) -> String {
        let structure = data(&self.get(&format!("/courses/{course}/structure"), ""));
        let session = &structure["phases"][0]["levels"][level]["sessions"][0]["id"];
        session.as_str().unwrap().to_owned()
    }

    pub(crate) async fn publish<K: Kind>(&self, event: &BusinessEvent<K>) {
        self.peer.publisher.publish(message(event)).await.unwrap();
    }

    /// Publishes an event that has no order with the others of its user.
    pub(crate) async fn publish_with_key<K: Kind>(&self, event: &BusinessEvent<K>, key: &str) {
        let message = message(event).key(key);
        self.peer.publisher.publish(message).await.unwrap();
    }

    pub(crate) async fn pay(&self, payment: u128, student: Uuid, course: Uuid, sessions: u64) {
        let confirmed = PurchaseConfirmed {
            payment_id: Uuid::from_u128(payment),
            student_id: student,
            course_id: course,
            amount_cents: 1_062_000,
            metadata: json!({ "sessionCount": sessions, "groupSize": 1 }),
        };
        self.publish(&BusinessEvent::new(confirmed)).await;
    }

    /// Publishes the allocation of the trainer to a student.
    pub(crate) async fn allocate(&self, student: Uuid, course: Uuid) {
        let allocated = allocated(student, course);
        self.publish(&BusinessEvent::new(allocated)).await;
    }

    /// Publishes the end of the allocation.
    pub(crate) async fn deallocate(&self, student: Uuid, course: Uuid) {
        let ended = StudentDeallocated {
            allocation_id: allocation_of(student, course),
            trainer_id: TRAINER,
            student_id: student,
            course_id: course,
            reason: "moved away".to_owned(),
            deallocated_at: "2026-12-02T10:00:00Z".parse().unwrap(),
        };
        self.publish(&BusinessEvent::new(ended)).await;
    }

    /// Sends content to a signed upload.
    pub(crate) fn put(&self, signed: &Value, content: &str) -> HttpResponse {
        let headers = signed["headers"].as_object().unwrap();
        let headers: Vec<_> = headers
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let path = self.path_of(signed["url"].as_str().unwrap());
        request(self.http, "PUT", &path, &headers, content).unwrap()
    }

    /// Uploads a file of a user. Returns its key.
    pub(crate) fn upload(
        &self,
        token: &str,
        kind: &str,
        media_type: &str,
        content: &str,
    ) -> String {
        let body = json!({ "kind": kind, "contentType": media_type, "size": content.len() });
        let signed = data(&self.call("POST", "/upload/sign", token, &body));
        let put = self.put(&signed, content);
        assert!((200..300).contains(&put.status), "{}", put.body);
        signed["key"].as_str().unwrap().to_owned()
    }

    /// Requests a path outside of `/api/v1`, without a token.
    pub(crate) fn page(&self, path: &str) -> HttpResponse {
        request(self.http, "GET", path, &[], "").unwrap()
    }

    /// Opens a signed URL.
    pub(crate) fn download(&self, url: &str) -> HttpResponse {
        request(self.http, "GET", &self.path_of(url), &[], "").unwrap()
    }

    fn path_of(&self, url: &str) -> String {
        let base = format!("http://{}", self.http);
        url.strip_prefix(&base).unwrap().to_owned()
    }

    /// Creates a draft with one phase. Returns its first level.
    pub(crate) fn draft_level(&self) -> String {
        let send = |path: &str, body: Value| data(&self.call("POST", path, &operator(), &body));
        let course = json!({ "title": "Draft", "category": "Coding", "difficulty": "beginner" });
        let course = send("/courses", course)["id"].as_str().unwrap().to_owned();
        let phase = json!({ "sequence": 1, "title": "First" });
        let phase = send(&format!("/courses/{course}/phases"), phase);
        phase["levels"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn events_of(&self, kind: &str, student: Uuid) -> Vec<Value> {
        let events = self.events.all();
        let of = events
            .iter()
            .filter(|event| event["type"] == kind && event["studentId"] == json!(student));
        of.cloned().collect()
    }

    /// Waits until a number of notifications of a user exist. Returns the last one.
    pub(crate) fn wait_for_notifications(&self, user: Uuid, count: usize) -> Value {
        wait_for("the notification", || {
            let events = self.events.all();
            let of: Vec<_> = events
                .iter()
                .filter(|event| event["recipientId"] == json!(user))
                .collect();
            (of.len() >= count).then(|| of.last().map(|event| (*event).clone()).unwrap())
        })
    }

    /// Waits until a number of events of a student exist. Returns the last one.
    pub(crate) fn wait_for_events(&self, kind: &str, student: Uuid, count: usize) -> Value {
        wait_for(kind, || {
            let events = self.events_of(kind, student);
            (events.len() >= count).then(|| events.last().cloned().unwrap())
        })
    }

    pub(crate) fn wait_for_course(&self, course: &str, status: &str) {
        wait_for("the change of the course", || {
            let events = self.events.all();
            let mut of = events.iter().filter(|event| event["courseId"] == course);
            of.any(|event| event["snapshot"]["status"] == status)
                .then_some(())
        });
    }

    /// Runs the command that operators run.
    pub(crate) fn check_invariants(&self) {
        let checked = Command::new(env!("CARGO_BIN_EXE_tutoring-course"))
            .arg("invariants")
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{checked:?}");
        let expected = tutoring_course::INVARIANTS.0.len();
        assert_eq!(text.matches(": 0 violations").count(), expected, "{text}");
    }

    /// Returns the output of the command that lists dead letters.
    pub(crate) fn dead_letters(&self) -> String {
        let listed = Command::new(env!("CARGO_BIN_EXE_tutoring-course"))
            .args(["dead-letters", "list"])
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap();
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }
}
