use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use data_encoding::BASE64;
use seaworthy::{
    config::{Environment, Loader},
    data::sql,
    messaging::{MessageId, Received as Message, Subscription, Topics},
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring_contract::{
    AccessTokenConfig, AdminRole, LiveEvent, Role, Subject, Territory,
    events::{BusinessEvent, NotificationRequested, message},
};
use tutoring_identity::{LiveSealer, NoticeSealer};
use tutoring_notification::NotificationConfig;
use tutoring_testkit::{Peer, SECRET, SERVICE_SECRET, call, connect, sign};
use uuid::Uuid;

use crate::providers::{Providers, PublicKeys};

pub(crate) use tutoring_testkit::{data, json_of, service_token, wait_for};

/// The running service, the push services, and a service that exchanges messages with it.
pub(crate) struct TestApp {
    http: SocketAddr,
    settings: Vec<String>,
    pub(crate) providers: Providers,
    live: Arc<Mutex<Vec<LiveEvent>>>,
    peer: Peer,
    _service: RunningService,
    folder: TempDir,
    pub(crate) empty: EmptyDatabase,
}

fn pem(der: &[u8]) -> String {
    let body = BASE64.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// Creates the keys of both services with this number, and writes them with their IDs into the
/// settings files in a folder.
fn write_keys(folder: &Path, number: u32) -> PublicKeys {
    let google = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let apple = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der: Pkcs8V1Der<'_> = google.as_der().unwrap();
    let [google_file, apple_file] = ["google.pem", "apple.p8"].map(|name| folder.join(name));
    fs::write(&google_file, pem(der.as_ref())).unwrap();
    fs::write(&apple_file, pem(apple.to_pkcs8v1().unwrap().as_ref())).unwrap();
    let (google_id, apple_id) = (format!("key-{number}"), format!("APPLEKEY{number}"));
    let settings = json!({
        "fcm": {
            "private_key_id": google_id,
            "private_key": format!("file:{}", google_file.display()),
        },
        "apns": {
            "key_id": apple_id,
            "private_key": format!("file:{}", apple_file.display()),
        },
    });
    fs::write(folder.join("config.yaml"), settings.to_string()).unwrap();
    PublicKeys::new(
        (&google_id, google.public_key().as_ref()),
        (&apple_id, apple.public_key().as_ref()),
    )
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestApp {
    let folder = TempDir::new().unwrap();
    let broker = format!("sqlite:{}", folder.path().join("broker.db").display());
    let live = Arc::new(Mutex::new(Vec::new()));
    let peer = start_peer(&broker, &live).await;
    let files = folder.path().join("config");
    fs::create_dir(&files).unwrap();
    let providers = Providers::start(write_keys(&files, 1)).await;
    let server = providers.address;
    let settings = vec![
        format!("backend.database.url={}", empty.url()),
        "backend.database.migrate_at_start=true".to_owned(),
        format!("backend.broker.url={broker}"),
        format!("backend.access_tokens.secret={SECRET}"),
        format!("backend.service_tokens.secret={SERVICE_SECRET}"),
        format!("audit_log.key={SECRET}"),
        "fcm.enabled=true".to_owned(),
        "fcm.project_id=tutoring-test".to_owned(),
        "fcm.client_email=push@tutoring-test.iam.gserviceaccount.com".to_owned(),
        "apns.enabled=true".to_owned(),
        "apns.team_id=TEAM".to_owned(),
        "apns.topic=org.example.tutoring".to_owned(),
        format!("clients.fcm.base_url=http://{server}"),
        format!("clients.google_tokens.base_url=http://{server}"),
        format!("clients.apns.base_url=http://{server}"),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    let loader = Loader::new("tutoring-notification")
        .directory(&files)
        .environment(Environment::default())
        .overrides(settings.clone());
    let service = tutoring_notification::service()
        .start::<NotificationConfig, _>(loader, tutoring_notification::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        settings,
        providers,
        live,
        peer,
        _service: service,
        folder,
        empty,
    }
}

async fn start_peer(broker: &str, live: &Arc<Mutex<Vec<LiveEvent>>>) -> Peer {
    let topics = Topics::new().with_unroutable::<BusinessEvent<NotificationRequested>>();
    let live = Arc::clone(live);
    let subscription =
        Subscription::new("peer").on::<LiveEvent, _, _>(move |event: Message<LiveEvent>| {
            live.lock().unwrap().push(event.event().clone());
            async { Ok(()) }
        });
    Peer::start(broker, topics, Some(subscription)).await
}

pub(crate) fn token(id: u128, role: Role, permissions: &[&str]) -> String {
    let admin_roles = (role == Role::Admin).then_some(AdminRole::SuperAdmin);
    sign(&Subject {
        id: Uuid::from_u128(id),
        role,
        admin_roles: admin_roles.into_iter().collect(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        territory: Territory::default(),
        email: (id == 7).then(|| Personal::new("asha@example.org".to_owned())),
        phone: None,
    })
}

/// The token of a student. Only student 7 has an e-mail address.
pub(crate) fn student(id: u128) -> String {
    token(id, Role::Student, &[])
}

/// A request for a notification of student 7.
pub(crate) fn requested(title: &str, data: Option<Value>) -> BusinessEvent<NotificationRequested> {
    BusinessEvent::new(NotificationRequested {
        recipient_id: Uuid::from_u128(7),
        notification_type: "course".to_owned(),
        title: title.to_owned(),
        body: "Your trainer is on the way.".to_owned(),
        data,
    })
}

/// Returns the settings of access tokens with a secret. Services derive other keys from it.
fn tokens(secret: &str) -> AccessTokenConfig {
    AccessTokenConfig {
        secret: Some(Secret::new(secret.to_owned())),
        ..AccessTokenConfig::default()
    }
}

/// Encrypts a request by the secret of the service, or by another one.
pub(crate) async fn sealed(
    event: BusinessEvent<NotificationRequested>,
    is_own: bool,
) -> BusinessEvent<NotificationRequested> {
    let secret = if is_own { SECRET } else { SERVICE_SECRET };
    let sealer = NoticeSealer::new(&tokens(secret)).unwrap();
    BusinessEvent {
        data: sealer.seal(event.data).await.unwrap(),
        ..event
    }
}

impl TestApp {
    /// Replaces the keys of both push services, at the services and in the settings.
    pub(crate) fn rotate_keys(&self) {
        let keys = write_keys(&self.folder.path().join("config"), 2);
        self.providers.rotate(keys);
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        call(self.http, (method, path), token, &[], body)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Value {
        data(&self.call("GET", path, token, &Value::Null))
    }

    pub(crate) async fn publish(&self, event: &BusinessEvent<NotificationRequested>) {
        self.peer.publisher.publish(message(event)).await.unwrap();
    }

    pub(crate) async fn publish_raw(&self, message: seaworthy::messaging::Message) {
        self.peer.publisher.publish(message).await.unwrap();
    }

    /// Publishes an event as the message with this ID.
    pub(crate) async fn publish_as(
        &self,
        event: &BusinessEvent<NotificationRequested>,
        id: &MessageId,
    ) {
        let message = message(event).id(id.clone());
        self.peer.publisher.publish(message).await.unwrap();
    }

    /// Sends a notification of student 7.
    pub(crate) fn send(&self, title: &str) {
        let body = json!({
            "userId": Uuid::from_u128(7), "type": "course", "title": title, "body": "A text",
        });
        let sent = self.call("POST", "/notifications", &service_token(), &body);
        assert_eq!(sent.status, 201, "{}", sent.body);
    }

    pub(crate) fn register(&self, user: u128, token: &str, platform: &str) {
        let body = json!({ "token": token, "platform": platform, "deviceName": "A telephone" });
        let registered = self.call("POST", "/device-tokens", &student(user), &body);
        assert_eq!(registered.status, 201, "{}", registered.body);
    }

    /// Returns the live event with this title, as soon as it exists.
    pub(crate) fn wait_for_live(&self, title: &str) -> LiveEvent {
        wait_for("the live event", || {
            let live = self.live.lock().unwrap();
            let mut of = live.iter().filter(|event| event.data["title"] == title);
            of.next().cloned()
        })
    }

    /// Returns the decrypted payload of the first encrypted live event, as soon as it exists.
    pub(crate) async fn wait_for_sealed(&self) -> Value {
        let sealed = wait_for("the encrypted live event", || {
            let live = self.live.lock().unwrap();
            let mut sealed = live.iter().filter(|event| event.sealed.is_some());
            sealed.next().cloned()
        });
        let sealer = LiveSealer::new(&tokens(SECRET)).unwrap();
        assert!(sealed.data.is_null());
        sealer.open(&sealed).await.unwrap()
    }

    /// Returns all texts of stored notifications.
    pub(crate) async fn dump(&self) -> String {
        let database = connect(&self.empty).await;
        let rows: Vec<(String, String, Option<Value>, String)> =
            sql("SELECT title, body, data, search_text FROM notifications")
                .fetch_all(&database)
                .await
                .unwrap();
        format!("{rows:?}")
    }

    /// Returns the mails in the development mailbox.
    pub(crate) fn mails(&self) -> Vec<Value> {
        let mails = request(self.http, "GET", "/mailbox.json", &[], "").unwrap();
        serde_json::from_str(&mails.body).unwrap()
    }

    /// Returns the output of the command that lists dead letters.
    pub(crate) fn dead_letters(&self) -> String {
        let listed = Command::new(env!("CARGO_BIN_EXE_tutoring-notification"))
            .args(["dead-letters", "list"])
            .args(self.settings.iter().flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap();
        assert!(listed.status.success(), "{listed:?}");
        String::from_utf8(listed.stdout).unwrap()
    }
}
