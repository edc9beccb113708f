use std::{
    net::SocketAddr,
    process::{Command, Output},
};

use seaworthy::{
    config::{Environment, Loader},
    messaging::{Subscription, Topics},
    redis::RedisConfig,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
    redis::RedisServer,
    requirement::required,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_contract::{
    AdminRole, Role, Subject, Territory,
    events::{BusinessEvent, CourseChanged, NotificationRequested, TrainerChanged},
};
use tutoring_identity::{ActiveSessions, SessionRecord};
use tutoring_testkit::{Events, Peer, SECRET, SESSION, call, connect, sign};
use tutoring_trainer_auth::TrainerAuthConfig;
use uuid::Uuid;

pub(crate) use tutoring_testkit::{json_of, rejection, wait_for};

pub(crate) const PASSWORD: &str = "Correct-horse-1";
pub(crate) const PDF: &str = "%PDF-1.7 a document";
pub(crate) const COURSE: Uuid = Uuid::from_u128(0xc0);

/// The running service with its own database, and a service that exchanges messages with it.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    pub(crate) active_sessions: ActiveSessions,
    settings: Vec<String>,
    events: Events,
    peer: Peer,
    _service: RunningService,
    empty: EmptyDatabase,
    pub(crate) redis: Option<RedisServer>,
    folder: TempDir,
}

/// A logged-in trainer.
#[derive(Debug, Clone)]
pub(crate) struct TestTrainer {
    pub(crate) id: String,
    pub(crate) token: String,
}

pub(crate) fn redis() -> Option<RedisServer> {
    Some(RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER")?).unwrap())
}

pub(crate) async fn open(empty: EmptyDatabase, redis: Option<RedisServer>) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let events = Events::default();
    let peer = start_peer(&broker, &events).await;
    let mut settings = vec![
        format!("identity.database.url={}", empty.url()),
        "identity.database.migrate_at_start=true".to_owned(),
        format!("identity.broker.url={broker}"),
        format!("identity.access_tokens.secret={SECRET}"),
        format!("identity.codes.pepper={SECRET}"),
        "identity.limits.enabled=false".to_owned(),
        // Hashes are slow in a debug build.
        "identity.passwords.parameters.memory_kib=1024".to_owned(),
        "identity.passwords.parameters.iterations=1".to_owned(),
        format!("audit_log.key={SECRET}"),
        "documents.url=memory:".to_owned(),
        "documents.public_url=http://files.example.org/documents".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    settings.extend(
        redis
            .iter()
            .map(|redis| format!("identity.redis.url={}", redis.url())),
    );
    let live = redis.as_ref().map(|redis| RedisConfig {
        url: redis.url().parse().unwrap(),
        ..RedisConfig::default()
    });
    let loader = Loader::new("tutoring-trainer-auth")
        .environment(Environment::default())
        .overrides(settings.clone());
    let service = tutoring_trainer_auth::service()
        .start::<TrainerAuthConfig, _>(loader, tutoring_trainer_auth::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let app = TestApp {
        http: service.addresses().http,
        active_sessions: ActiveSessions::new(live.as_ref()).unwrap(),
        settings,
        events,
        peer,
        _service: service,
        empty,
        redis,
        folder,
    };
    app.import_pincodes();
    app.publish_course(COURSE, 1, "Robotics", "published").await;
    app.wait_for_course("Robotics", true);
    app
}

/// Starts a service that records the messages of trainers and publishes courses.
async fn start_peer(broker: &str, events: &Events) -> Peer {
    let topics = Topics::new().with_unroutable::<BusinessEvent<CourseChanged>>();
    let subscription = Subscription::new("peer");
    let subscription = events.record::<BusinessEvent<TrainerChanged>>(subscription);
    let subscription = events.record::<BusinessEvent<NotificationRequested>>(subscription);
    Peer::start(broker, topics, Some(subscription)).await
}

/// Returns the wrong fields of a request.
pub(crate) fn fields(answer: &HttpResponse) -> Vec<String> {
    assert_eq!(
        rejection(answer),
        (400, "VALIDATION_ERROR".to_owned()),
        "{}",
        answer.body
    );
    let body = json_of(answer);
    let errors = body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

impl TestApp {
    fn import_pincodes(&self) {
        let file = self.folder.path().join("pincodes.csv");
        let rows = "pincode,city,district,state,zone,locality\n\
                    570023,Mysuru,Mysuru,Karnataka,South,Kuvempunagar\n\
                    682001,Kochi,Ernakulam,Kerala,,\n";
        std::fs::write(&file, rows).unwrap();
        let imported = self.run(&["pincodes", "import", file.to_str().unwrap()]);
        assert!(imported.status.success(), "{imported:?}");
    }

    /// Runs a command of the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tutoring-trainer-auth"))
            .args(arguments)
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap()
    }

    pub(crate) async fn publish_course(&self, id: Uuid, version: i64, title: &str, status: &str) {
        let changed = BusinessEvent::new(CourseChanged {
            course_id: id.to_string(),
            version,
            snapshot: json!({ "title": title, "category": "Coding", "status": status }),
        });
        self.peer.publish(&changed).await;
    }

    /// Waits until a course is offered or not.
    pub(crate) fn wait_for_course(&self, title: &str, is_offered: bool) {
        wait_for("the change of the course", || {
            let courses = self.call(
                "GET",
                "/trainers/auth/apply/available-courses",
                "",
                &Value::Null,
            );
            let courses = json_of(&courses)["data"].as_array().unwrap().clone();
            let offered = courses.iter().any(|course| course["title"] == title);
            (offered == is_offered).then_some(())
        });
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        call(self.http, (method, path), token, &[], body)
    }

    /// Registers a trainer and verifies the address by the mailed code.
    pub(crate) fn trainer(&self, name: &str) -> TestTrainer {
        let email = format!("{name}@example.org");
        let body = json!({ "email": email, "password": PASSWORD, "username": name });
        let registered = self.call("POST", "/trainers/auth/register", "", &body);
        assert_eq!(registered.status, 201, "{}", registered.body);
        let code = wait_for("the mail with the code", || {
            let mails = request(self.http, "GET", "/mailbox.json", &[], "")
                .unwrap()
                .body;
            let (_, rest) = mails.split_once(&email)?.1.split_once("Your code is ")?;
            Some(rest[..6].to_owned())
        });
        let body = json!({ "email": email, "otp": code });
        let verified = self.call("POST", "/trainers/auth/email/verify", "", &body);
        assert_eq!(verified.status, 200, "{}", verified.body);
        let data = &json_of(&verified)["data"];
        let text = |pointer| {
            data.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap()
                .to_owned()
        };
        TestTrainer {
            id: text("/user/id"),
            token: text("/tokens/accessToken"),
        }
    }

    /// Returns the token of an admin or a student whose session is active.
    pub(crate) async fn token(
        &self,
        role: Role,
        admin_role: Option<AdminRole>,
        permissions: &[&str],
        place: [Option<&str>; 2],
    ) -> String {
        let [state, district] = place.map(|level| level.map(str::to_owned));
        let subject = Subject {
            id: Uuid::from_u128(7),
            role,
            admin_roles: admin_role.into_iter().collect(),
            permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
            territory: Territory {
                state,
                district,
                ..Territory::default()
            },
            email: None,
            phone: None,
        };
        let record = SessionRecord {
            session_id: SESSION.to_owned(),
            user_id: subject.id,
            role,
            created_at: String::new(),
            last_activity_at: String::new(),
            ip: String::new(),
            user_agent: String::new(),
        };
        self.active_sessions.put(&record).await.unwrap();
        sign(&subject)
    }

    /// Returns the token of an admin who approves trainers of a place.
    pub(crate) async fn reviewer(&self, place: [Option<&str>; 2]) -> String {
        let role = match place {
            [_, Some(_)] => AdminRole::DistrictAdmin,
            _ => AdminRole::StateAdmin,
        };
        self.token(Role::Admin, Some(role), &["trainer:approve"], place)
            .await
    }

    /// Uploads a document by a signed URL. Returns its key.
    pub(crate) fn upload(&self, trainer: &TestTrainer, kind: &str, content: &str) -> String {
        let body = json!({ "kind": kind, "contentType": "application/pdf", "size": content.len() });
        let signed = self.call(
            "POST",
            "/trainers/auth/apply/documents",
            &trainer.token,
            &body,
        );
        assert_eq!(signed.status, 200, "{}", signed.body);
        let data = json_of(&signed)["data"].clone();
        let url = data["url"]
            .as_str()
            .unwrap()
            .replace("http://files.example.org", "");
        let headers = [("content-type", "application/pdf")];
        let put = request(self.http, "PUT", &url, &headers, content).unwrap();
        assert!((200..300).contains(&put.status), "{put:?}");
        data["key"].as_str().unwrap().to_owned()
    }

    /// Returns a valid application of a trainer, with uploaded documents.
    pub(crate) fn form(&self, trainer: &TestTrainer) -> Value {
        let documents: Value = ["id_proof", "face_verification", "qualification"]
            .into_iter()
            .map(|kind| (kind.to_owned(), json!(self.upload(trainer, kind, PDF))))
            .collect();
        json!({
            "fullName": "Asha Rao",
            "dateOfBirth": "1990-05-17",
            "gender": "female",
            "phone": "+919800000001",
            "email": "asha@example.org",
            "location": {
                "address_text": "4th Cross, Kuvempunagar",
                "city": "Mysuru",
                "state": "Karnataka",
                "country": "India",
                "pincode": "570023",
                "latitude": 12.28,
                "longitude": 76.63,
            },
            "qualification": "B. Ed.",
            "experienceYears": 6,
            "courses": [COURSE],
            "availability": {
                "employmentType": "part-time",
                "shiftType": "evening",
                "availableDays": ["Mon", "Wed"],
            },
            "documents": documents,
            "consents": {
                "informationCorrect": true,
                "backgroundCheck": true,
                "travelToStudents": true,
            },
        })
    }

    pub(crate) fn send(&self, method: &str, trainer: &TestTrainer, form: &Value) -> HttpResponse {
        let path = match method {
            "POST" => "/trainers/auth/apply",
            _ => "/trainers/auth/application",
        };
        self.call(method, path, &trainer.token, form)
    }

    /// Sends a valid application. Returns its ID.
    pub(crate) fn applied(&self, trainer: &TestTrainer) -> String {
        let sent = self.send("POST", trainer, &self.form(trainer));
        assert_eq!(sent.status, 201, "{}", sent.body);
        json_of(&sent)["data"]["applicationId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn review(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> HttpResponse {
        self.call(
            method,
            &format!("/admin/trainers/approvals{path}"),
            token,
            body,
        )
    }

    /// Waits for a matching message.
    pub(crate) fn wait_for_event(&self, kind: &str, matches: impl Fn(&Value) -> bool) -> Value {
        wait_for(kind, || {
            let events = self.events.all();
            let mut events = events.iter();
            events
                .find(|event| event["type"] == kind && matches(event))
                .cloned()
        })
    }

    /// Connects to the database of the service.
    pub(crate) async fn connect(&self) -> seaworthy::data::Database {
        connect(&self.empty).await
    }
}
