use std::{net::SocketAddr, process::Command};

use seaworthy::{
    config::{Environment, Loader},
    data::{Database, Statement, sql},
    redis::RedisConfig,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase, eventually, http::HttpResponse, redis::RedisServer,
    requirement::required, worker,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_booking::BookingConfig;
use tutoring_contract::{
    Role,
    events::{BusinessEvent, CourseAccessGranted, CourseChanged, Kind, TrainerChanged, message},
};
use tutoring_identity::{ActiveSessions, SessionRecord};
use tutoring_testkit::{Events, Peer, SECRET, SERVICE_SECRET, SESSION, call, connect};
use uuid::Uuid;

use crate::peer::start_peer;

pub(crate) use tutoring_testkit::{data, json_of, service_token, token, wait_for};

/// The course of all allocations.
pub(crate) const COURSE: Uuid = Uuid::from_u128(0xc0);
/// The centre of the only zone.
pub(crate) const CENTRE: (f64, f64) = (12.3, 76.6);
/// The state and the district of the zone.
pub(crate) const DISTRICT: (&str, &str) = ("Karnataka", "Mysuru");
pub(crate) const PERMISSIONS: [&str; 7] = [
    "price:write",
    "allocation:read",
    "allocation:write",
    "session:read",
    "session:write",
    "reschedule:decide",
    "substitution:write",
];

/// The running service with its own database, and a service that exchanges messages with it.
pub(crate) struct TestApp {
    http: SocketAddr,
    events: Events,
    peer: Peer,
    service: Option<RunningService>,
    settings: Vec<String>,
    _folder: TempDir,
    pub(crate) empty: EmptyDatabase,
    pub(crate) redis: Option<RedisServer>,
}

/// Starts a Redis. Returns `None` if it is not installed.
pub(crate) fn redis() -> Option<RedisServer> {
    let program = required("SEAWORTHY_TEST_REDIS_SERVER")?;
    Some(RedisServer::start(program).unwrap())
}

/// Starts the service. Without a Redis it keeps live journeys in memory.
pub(crate) async fn open(empty: EmptyDatabase, redis: Option<RedisServer>) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let events = Events::default();
    let peer = start_peer(&broker, &events).await;
    let mut settings = vec![
        format!("database.url={}", empty.url()),
        "database.migrate_at_start=true".to_owned(),
        format!("broker.url={broker}"),
        format!("access_tokens.secret={SECRET}"),
        format!("service_tokens.secret={SERVICE_SECRET}"),
        format!("session_code_key={SECRET}"),
        format!("audit_log.key={SECRET}"),
        format!("operators=[\"{}\"]", Uuid::from_u128(1)),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    if let Some(redis) = &redis {
        settings.push(format!("redis.url={}", redis.url()));
        // A busy machine needs more than the default.
        settings.push("redis.timeout=2s".to_owned());
        log_in(redis).await;
    }
    let service = start(&settings).await;
    TestApp {
        http: service.addresses().http,
        events,
        peer,
        service: Some(service),
        settings,
        _folder: folder,
        empty,
        redis,
    }
}

/// Stores the login session of all tokens.
async fn log_in(redis: &RedisServer) {
    let config = RedisConfig {
        url: redis.url().parse().unwrap(),
        ..RedisConfig::default()
    };
    let record = SessionRecord::from_request(SESSION, Uuid::nil(), Role::Student, 0);
    let sessions = ActiveSessions::new(Some(&config)).unwrap();
    sessions.put(&record).await.unwrap();
}

async fn start(settings: &[String]) -> RunningService {
    let loader = Loader::new("tutoring-booking")
        .environment(Environment::default())
        .overrides(settings.to_vec());
    let service = tutoring_booking::service();
    let started = service.start::<BookingConfig, _>(loader, tutoring_booking::assemble);
    // The future of a start is too large for the stack.
    let started = Box::pin(started).await;
    started.unwrap_or_else(|error| panic!("{:?}", error.chain()))
}

pub(crate) fn student(id: u128) -> String {
    token(Uuid::from_u128(id), Role::Student, &[])
}

pub(crate) fn trainer(id: Uuid) -> String {
    token(id, Role::Trainer, &[])
}

pub(crate) fn operator() -> String {
    token(Uuid::from_u128(1), Role::Admin, &PERMISSIONS)
}

impl TestApp {
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        let path = match path.starts_with("/admin/") {
            true => path.to_owned(),
            false => format!("/booking{path}"),
        };
        call(self.http, (method, &path), token, &[], body)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> HttpResponse {
        self.call("GET", path, token, &Value::Null)
    }

    pub(crate) fn coupon(&self, code: &str, kind: &str, value: i64, max_redemptions: u32) {
        let body = json!({
            "code": code,
            "type": "school",
            "discountType": kind,
            "discountValue": value,
            "maxRedemptions": max_redemptions,
            "validFrom": "2020-01-01T00:00:00Z",
            "validUntil": "2099-01-01T00:00:00Z",
        });
        data(&self.call("POST", "/coupons", &operator(), &body));
    }

    pub(crate) fn reserve(&self, payment: Uuid, student: Uuid, code: Option<&str>) -> HttpResponse {
        let body = json!({
            "paymentId": payment,
            "studentId": student,
            "expiresAt": "2099-01-01T00:00:00Z",
            "classType": "ONE_ON_ONE",
            "sessionCount": 30,
            "couponCode": code,
        });
        self.call("POST", "/pricing/reservations", &service_token(), &body)
    }

    pub(crate) fn settle(&self, payment: Uuid, action: &str) -> u16 {
        let path = format!("/pricing/reservations/{payment}/{action}");
        self.call("POST", &path, &service_token(), &json!({}))
            .status
    }

    pub(crate) fn redemptions(&self, code: &str) -> i64 {
        let coupons = data(&self.get("/coupons", &operator()));
        let mut coupons = coupons["items"].as_array().unwrap().iter();
        let coupon = coupons.find(|coupon| coupon["code"] == code).unwrap();
        coupon["currentRedemptions"].as_i64().unwrap()
    }

    pub(crate) async fn publish<K: Kind>(&self, data: K) {
        let event = message(&BusinessEvent::new(data));
        self.peer.publisher.publish(event).await.unwrap();
    }

    /// Creates the zone and announces the course.
    pub(crate) async fn open_zone(&self) {
        let (latitude, longitude) = CENTRE;
        let centre = json!({ "latitude": latitude, "longitude": longitude });
        let (state, district) = DISTRICT;
        let city = json!({
            "name": "Mysuru", "state": state, "district": district, "centre": centre,
        });
        let city = data(&self.call("POST", "/cities", &operator(), &city));
        let zone = json!({
            "cityId": city["id"], "name": "East", "centre": centre, "radiusKm": 10,
        });
        data(&self.call("POST", "/zones", &operator(), &zone));
        self.publish(CourseChanged {
            course_id: COURSE.to_string(),
            version: 1,
            snapshot: json!({ "category": "Coding", "status": "published" }),
        })
        .await;
        let database = self.database().await;
        let text = "SELECT course_id FROM course_copies WHERE course_id = ?";
        eventually(async || exists(&database, sql(text).bind(COURSE)).await).await;
    }

    /// Announces an approved trainer in the zone.
    pub(crate) async fn approve(&self, id: u128, rating: f64) -> Uuid {
        let trainer_id = Uuid::from_u128(id);
        self.publish(TrainerChanged {
            trainer_id,
            version: 1,
            snapshot: json!({
                "approvalStatus": "approved",
                "gender": "female",
                "courses": [COURSE],
                "specialties": ["Coding"],
                "yearsOfExperience": 3,
                "location": { "latitude": CENTRE.0, "longitude": CENTRE.1 },
                "territory": { "state": DISTRICT.0, "district": DISTRICT.1 },
            }),
        })
        .await;
        self.publish(TrainerChanged {
            trainer_id,
            version: 1,
            snapshot: json!({ "rating": rating, "weekly": { "slots": [] } }),
        })
        .await;
        let database = self.database().await;
        #[expect(clippy::cast_possible_truncation, reason = "a rating is at most 5")]
        let tenths = (rating * 10.0).round() as i64;
        let text = "SELECT trainer_id FROM candidates WHERE trainer_id = ? AND rating_tenths = ?";
        eventually(async || exists(&database, sql(text).bind(trainer_id).bind(tenths)).await).await;
        trainer_id
    }

    /// Publishes the purchase of a package. Returns its student.
    pub(crate) async fn grant(&self, student: u128, slot: &str, tier: u8, sold: u64) -> Uuid {
        let student_id = Uuid::from_u128(student);
        self.publish(CourseAccessGranted {
            purchase_id: Uuid::from_u128(student),
            student_id,
            course_id: COURSE,
            purchase_tier: tier,
            metadata: json!({
                "paymentId": Uuid::from_u128(student * 100 + u128::from(tier)),
                "sessionCount": sold,
                "classType": "ONE_ON_ONE",
                "deliveryMode": "WEEKDAY_DAILY",
                "schedule": { "timeSlot": slot, "startDate": "2020-01-01" },
                "location": { "address": "1", "latitude": CENTRE.0, "longitude": CENTRE.1 },
            }),
        })
        .await;
        student_id
    }

    pub(crate) fn events_of(&self, kind: &str, student: Uuid) -> Vec<Value> {
        let events = self.events.all();
        let of = events.iter().filter(|event| {
            let id = &event["studentId"];
            let id = if id.is_null() {
                &event["recipientId"]
            } else {
                id
            };
            event["type"] == kind && *id == json!(student)
        });
        of.cloned().collect()
    }

    /// Waits until a number of events of a student exist. Returns the last one.
    pub(crate) fn wait_for_events(&self, kind: &str, student: Uuid, count: usize) -> Value {
        wait_for(kind, || {
            let events = self.events_of(kind, student);
            (events.len() >= count).then(|| events.last().cloned().unwrap())
        })
    }

    /// Waits for the event of an action of the operator.
    pub(crate) fn wait_for_override(&self, action: &str) -> Value {
        wait_for(action, || {
            let events = self.events.all();
            let mut of = events
                .iter()
                .filter(|event| event["type"] == "ADMIN_OVERRIDE" && event["action"] == action);
            of.next().cloned()
        })
    }

    /// Runs a worker to its end.
    pub(crate) fn run_worker(&self, name: &str) {
        let admin = self.service.as_ref().unwrap().addresses().admin;
        worker::run(admin, name).unwrap();
    }

    /// Waits until a number of live events of a room exist. Returns them.
    pub(crate) fn wait_for_live(&self, name: &str, room: &str, count: usize) -> Vec<Value> {
        wait_for(name, || {
            let events = self.events.all();
            let of = |event: &&Value| event["type"] == name && event["room"] == room;
            let of: Vec<_> = events.iter().filter(of).cloned().collect();
            (of.len() >= count).then_some(of)
        })
    }

    /// Returns the allocations of a student.
    pub(crate) fn allocations(&self, student: Uuid) -> Vec<Value> {
        let path = format!("/admin/allocations/student/{student}");
        let list = data(&self.get(&path, &operator()));
        list["items"].as_array().unwrap().clone()
    }

    /// Waits until the only allocation of a student has a state.
    pub(crate) fn wait_for_allocation(&self, student: Uuid, status: &str) -> Value {
        wait_for(status, || {
            let all = self.allocations(student);
            all.into_iter().find(|one| one["status"] == status)
        })
    }

    /// Returns the sessions of a student by date.
    pub(crate) fn sessions(&self, student: Uuid) -> Vec<Value> {
        let path = format!("/admin/sessions/student/{student}?limit=100");
        let list = data(&self.get(&path, &operator()));
        list["items"].as_array().unwrap().clone()
    }

    /// Connects to the database of the service.
    pub(crate) async fn database(&self) -> Database {
        connect(&self.empty).await
    }

    /// Runs the command that operators run.
    pub(crate) fn check_invariants(&self) {
        let checked = Command::new(env!("CARGO_BIN_EXE_tutoring-booking"))
            .arg("invariants")
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{checked:?}");
        let expected = tutoring_booking::INVARIANTS.0.len();
        assert_eq!(text.matches(": 0 violations").count(), expected, "{text}");
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.empty.url().starts_with("postgres")
    }

    /// Stops the service and starts it again with another setting.
    pub(crate) async fn restart_with(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
        self.restart().await;
    }

    /// Stops the service and starts it again.
    pub(crate) async fn restart(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let service = start(&self.settings).await;
        self.http = service.addresses().http;
        self.service = Some(service);
    }

    /// Stores students who have an account.
    pub(crate) async fn enrol(&self, students: impl IntoIterator<Item = u128>) {
        let students = students.into_iter().map(Uuid::from_u128);
        let rows = students.map(|id| -> [seaworthy::data::Value; 1] { [id.into()] });
        sql("INSERT INTO student_copies (student_id, version) VALUES (?, -1)**")
            .bind_rows(rows)
            .execute(&self.database().await)
            .await
            .unwrap();
    }
}

/// Returns whether a statement returns a row, which has an ID.
async fn exists(database: &Database, statement: Statement) -> bool {
    let found: Option<(Uuid,)> = statement.fetch_optional(database).await.unwrap();
    found.is_some()
}
