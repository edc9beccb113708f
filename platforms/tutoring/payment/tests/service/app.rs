use std::{fs, net::SocketAddr, path::Path, process::Command};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use seaworthy::{
    config::{Environment, Loader},
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
use tutoring_booking::BookingConfig;
use tutoring_contract::{
    AdminRole, PlatformZone, Role, Subject, Territory,
    events::{BusinessEvent, CourseChanged, PaymentRefunded, PurchaseConfirmed, StudentChanged},
};
use tutoring_payment::PaymentConfig;
use tutoring_testkit::{Events, Peer, SECRET, SERVICE_SECRET, sign as sign_token};
use uuid::Uuid;

pub(crate) use tutoring_testkit::{call, data, json_of, rejection, service_token, wait_for};

use crate::provider::Provider;

const API_KEY: &str = "rzp_test_key";
const API_SECRET: &str = "secret-of-the-api-key";
const WEBHOOK_SECRET: &str = "secret-of-the-webhooks";
/// The default time zone.
const ZONE: &str = "Asia/Kolkata";
pub(crate) const COURSE: Uuid = Uuid::from_u128(0xc0);

/// The running service with its own database, the booking service, a provider, and a service that
/// exchanges messages with it.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    admin: SocketAddr,
    pub(crate) booking: SocketAddr,
    pub(crate) provider: Provider,
    pub(crate) settings: Vec<String>,
    events: Events,
    pub(crate) peer: Peer,
    _service: RunningService,
    _booking: RunningService,
    folder: TempDir,
    pub(crate) empty: EmptyDatabase,
}

/// A created payment.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) student: Uuid,
    pub(crate) id: String,
    pub(crate) order: String,
    pub(crate) data: Value,
}

fn common() -> Vec<String> {
    [
        "server.http.addr=127.0.0.1:0",
        "admin.addr=127.0.0.1:0",
        "server.http.rate_limit.enabled=false",
        "server.http.access_log.enabled=false",
        "log.level=error",
        "database.migrate_at_start=true",
    ]
    .map(str::to_owned)
    .into()
}

fn secrets() -> [String; 3] {
    [
        format!("access_tokens.secret={SECRET}"),
        format!("service_tokens.secret={SERVICE_SECRET}"),
        format!("audit_log.key={SECRET}"),
    ]
}

/// Writes an API key into the settings files in a folder.
fn write_key(folder: &Path, id: &str, secret: &str) {
    let file = folder.join("razorpay");
    fs::write(&file, secret).unwrap();
    let reference = format!("file:{}", file.display());
    let settings = json!({ "provider": { "key_id": id, "key_secret": reference } });
    fs::write(folder.join("config.yaml"), settings.to_string()).unwrap();
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    open_in(empty, ZONE, ZONE).await
}

/// Starts the services in different time zones.
pub(crate) async fn open_in(empty: EmptyDatabase, zone: &str, booking_zone: &str) -> TestApp {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let broker = file("broker.db");
    let events = Events::default();
    let peer = start_peer(&broker, &events).await;
    let mut booking = common();
    booking.extend(secrets());
    booking.push(format!("database.url={}", file("booking.db")));
    booking.push(format!("broker.url={broker}"));
    booking.push(format!("session_code_key={SECRET}"));
    booking.push(format!("time_zone={booking_zone}"));
    let loader = Loader::new("tutoring-booking")
        .environment(Environment::default())
        .overrides(booking);
    let booking = tutoring_booking::service()
        .start::<BookingConfig, _>(loader, tutoring_booking::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let provider = Provider::start(API_KEY, API_SECRET).await;
    let files = folder.path().join("config");
    fs::create_dir(&files).unwrap();
    write_key(&files, API_KEY, API_SECRET);
    let mut settings = common();
    settings.extend(secrets());
    settings.extend([
        format!("database.url={}", empty.url()),
        format!("broker.url={broker}"),
        format!("time_zone={zone}"),
        "limits.enabled=false".to_owned(),
        format!("provider.webhook_secret={WEBHOOK_SECRET}"),
        format!("clients.razorpay.base_url=http://{}", provider.address),
        "clients.razorpay.policies.attempt_timeout=1s".to_owned(),
        // The tests let more calls fail than a breaker accepts.
        "clients.razorpay.policies.breaker.mode=off".to_owned(),
        format!(
            "clients.booking.base_url=http://{}",
            booking.addresses().http
        ),
    ]);
    let loader = Loader::new("tutoring-payment")
        .directory(&files)
        .environment(Environment::default())
        .overrides(settings.clone());
    let service = tutoring_payment::service()
        .start::<PaymentConfig, _>(loader, tutoring_payment::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    let app = TestApp {
        http: service.addresses().http,
        admin: service.addresses().admin,
        booking: booking.addresses().http,
        provider,
        settings,
        events,
        peer,
        _service: service,
        _booking: booking,
        folder,
        empty,
    };
    app.open_zone();
    app.publish_course(1, "published").await;
    let student = Uuid::from_u128(1);
    wait_for("the course", || {
        (app.buy(student, &json!({}), &[]).status != 404).then_some(())
    });
    app
}

async fn start_peer(broker: &str, events: &Events) -> Peer {
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<CourseChanged>>()
        .with_unroutable::<BusinessEvent<StudentChanged>>();
    let subscription = Subscription::new("peer");
    let subscription = events.record::<BusinessEvent<PurchaseConfirmed>>(subscription);
    let subscription = events.record::<BusinessEvent<PaymentRefunded>>(subscription);
    Peer::start(broker, topics, Some(subscription)).await
}

fn sign(secret: &str, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    HEXLOWER.encode(hmac::sign(&key, message).as_ref())
}

pub(crate) fn student_token(student: Uuid) -> String {
    token(student, Role::Student, &[])
}

pub(crate) fn admin_token(permissions: &[&str]) -> String {
    token(Uuid::from_u128(0xad), Role::Admin, permissions)
}

/// Returns the token of a user. Administrators are super admins, who see every place.
pub(crate) fn token(id: Uuid, role: Role, permissions: &[&str]) -> String {
    let admin_roles = (role == Role::Admin).then_some(AdminRole::SuperAdmin);
    sign_token(&Subject {
        id,
        role,
        admin_roles: admin_roles.into_iter().collect(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: None,
        phone: None,
    })
}

/// Returns the body of a booking, with changed fields.
pub(crate) fn package(changes: &Value) -> Value {
    let mut body = json!({
        "courseId": COURSE,
        "sessionCount": 30,
        "groupSize": 1,
        "learningMode": "home",
        "schedule": {
            "timeSlot": "16:00",
            "startDate": PlatformZone::default().today(),
            "deliveryMode": "WEEKDAY_DAILY",
        },
        "location": { "address": "4th Cross", "latitude": 12.28, "longitude": 76.63 },
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

impl TestApp {
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> HttpResponse {
        let path = format!("/payments{path}");
        call(self.http, (method, path.as_str()), token, headers, body)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> HttpResponse {
        self.call("GET", path, token, &[], &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> HttpResponse {
        self.call("POST", path, token, &[], body)
    }

    pub(crate) fn buy(
        &self,
        student: Uuid,
        changes: &Value,
        headers: &[(&str, &str)],
    ) -> HttpResponse {
        let token = student_token(student);
        let body = package(changes);
        self.call("POST", "/session-booking", &token, headers, &body)
    }

    pub(crate) fn bought(&self, student: Uuid, changes: &Value) -> Bought {
        self.bought_with(student, changes, &[])
    }

    pub(crate) fn bought_with(
        &self,
        student: Uuid,
        changes: &Value,
        headers: &[(&str, &str)],
    ) -> Bought {
        let data = data(&self.buy(student, changes, headers));
        Bought {
            student,
            id: data["payment"]["id"].as_str().unwrap().to_owned(),
            order: data["orderId"].as_str().unwrap().to_owned(),
            data,
        }
    }

    /// Replaces the API key in the settings.
    pub(crate) fn rotate_key(&self, id: &str, secret: &str) {
        write_key(&self.folder.path().join("config"), id, secret);
    }

    /// Confirms a payment with a valid signature.
    pub(crate) fn confirm(&self, bought: &Bought, provider_payment: &str) -> HttpResponse {
        self.confirm_by(API_SECRET, bought, provider_payment)
    }

    /// Confirms a payment with the signature of an API key.
    pub(crate) fn confirm_by(&self, secret: &str, bought: &Bought, paid: &str) -> HttpResponse {
        let text = format!("{}|{paid}", bought.order);
        let signature = sign(secret, text.as_bytes());
        let body = json!({ "providerPaymentId": paid, "signature": signature });
        let path = format!("/{}/confirm", bought.id);
        self.post(&path, &student_token(bought.student), &body)
    }

    /// Returns the body of a webhook about a payment as the provider has it.
    pub(crate) fn webhook_body(&self, event: &str, provider_payment: &str) -> Value {
        let entity = self.provider.payment(provider_payment);
        json!({ "entity": "event", "event": event, "payload": { "payment": { "entity": entity } } })
    }

    /// Returns the body of a webhook about a refund, with its payment as the provider has it.
    pub(crate) fn refund_body(&self, refund: &Value) -> Value {
        let payment = refund["payment_id"].as_str().unwrap();
        let mut body = self.webhook_body("refund.processed", payment);
        body["payload"]["refund"] = json!({ "entity": refund });
        body
    }

    /// Sends a signed webhook.
    pub(crate) fn webhook(&self, event_id: &str, body: &Value) -> HttpResponse {
        let body = body.to_string();
        let signature = sign(WEBHOOK_SECRET, body.as_bytes());
        self.raw_webhook(event_id, Some(&signature), &body)
    }

    pub(crate) fn raw_webhook(
        &self,
        id: &str,
        signature: Option<&str>,
        body: &str,
    ) -> HttpResponse {
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-razorpay-event-id", id),
        ];
        headers.extend(signature.map(|signature| ("x-razorpay-signature", signature)));
        let path = "/api/v1/payments/webhook/razorpay";
        request(self.http, "POST", path, &headers, body).unwrap()
    }

    pub(crate) fn sign_webhook(&self, body: &str) -> String {
        sign(WEBHOOK_SECRET, body.as_bytes())
    }

    /// Sends the webhook of a captured payment.
    pub(crate) fn captured(&self, provider_payment: &str) -> HttpResponse {
        let body = self.webhook_body("payment.captured", provider_payment);
        self.webhook(&format!("evt_{provider_payment}"), &body)
    }

    pub(crate) fn payment(&self, bought: &Bought) -> Value {
        let path = format!("/{}", bought.id);
        data(&self.get(&path, &student_token(bought.student)))
    }

    pub(crate) fn status(&self, bought: &Bought) -> String {
        self.payment(bought)["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn wallet(&self, student: Uuid) -> (i64, i64) {
        let path = format!("/wallet/{student}");
        let wallet = data(&self.get(&path, &student_token(student)));
        let number = |name: &str| wallet[name].as_i64().unwrap();
        (number("balance"), number("reserved"))
    }

    /// Returns the events of a payment so far.
    pub(crate) fn events_of(&self, kind: &str, bought: &Bought) -> Vec<Value> {
        let events = self.events.all();
        let of = events
            .iter()
            .filter(|event| event["type"] == kind && event["paymentId"] == bought.id.as_str());
        of.cloned().collect()
    }

    pub(crate) fn wait_for_event(&self, kind: &str, bought: &Bought) -> Value {
        wait_for(kind, || self.events_of(kind, bought).pop())
    }

    /// Runs a worker to its end.
    pub(crate) fn run_worker(&self, name: &str) {
        worker::run(self.admin, name).unwrap();
    }

    /// Runs the command that checks the invariants. Returns its output.
    #[track_caller]
    pub(crate) fn check_invariants(&self) {
        let checked = Command::new(env!("CARGO_BIN_EXE_tutoring-payment"))
            .arg("invariants")
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{checked:?}");
        let expected = tutoring_payment::INVARIANTS.0.len();
        assert_eq!(text.matches(": 0 violations").count(), expected, "{text}");
    }
}
