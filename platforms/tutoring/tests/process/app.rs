use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use seaworthy::{
    config::Profile,
    data::{Database, DatabaseConfig},
    service::platform::DataDirectory,
};
use seaworthy_testkit::http::{HttpResponse, request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring::{Platform, PlatformOptions};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};
use tutoring_testkit::{PlatformServers, SERVICES};

use crate::students::send;

pub(crate) use tutoring_testkit::{SECRET, SERVICE_SECRET, service_token, wait_for};

pub(crate) const PASSWORD: &str = "Boat4Harbour";
pub(crate) const BASE: &str = "/api/v1/students/auth";
const TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(feature = "kafka")]
static KAFKA: seaworthy_testkit::server::Shared<seaworthy_testkit::server::kafka::KafkaServer> =
    seaworthy_testkit::server::Shared::new("SEAWORTHY_TEST_KAFKA", |jars: std::path::PathBuf| {
        seaworthy_testkit::server::kafka::KafkaServer::start(jars)
    });

/// A running platform with its stores.
pub(crate) struct TestPlatform {
    platform: Platform,
    pub(crate) gateway: SocketAddr,
    pub(crate) sms: crate::sms::Provider,
    pub(crate) servers: PlatformServers,
    folder: TempDir,
}

/// The tokens of a login by a mobile application.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl TestPlatform {
    pub(crate) async fn embedded() -> Self {
        Self::start(PlatformServers::default(), Vec::new()).await
    }

    /// Starts on embedded engines with further settings.
    pub(crate) async fn with(settings: Vec<String>) -> Self {
        Self::start(PlatformServers::default(), settings).await
    }

    /// Starts on PostgreSQL and Redis. Returns `None` if one of them is not installed.
    pub(crate) async fn on_servers() -> Option<Self> {
        Some(Self::start(PlatformServers::postgres_and_redis()?, Vec::new()).await)
    }

    /// Starts on PostgreSQL and Redis if they are installed, and without limits of requests.
    pub(crate) async fn without_limits() -> Self {
        let mut settings: Vec<_> = SERVICES
            .iter()
            .flat_map(|(service, _)| {
                ["server.http.rate_limit.enabled=false", "log.level=error"]
                    .map(|setting| format!("{service}.{setting}"))
            })
            .collect();
        settings.push("gateway.limits.admin=100000".to_owned());
        let servers = PlatformServers::postgres_and_redis().unwrap_or_default();
        Self::start(servers, settings).await
    }

    /// Starts on PostgreSQL, Redis and Kafka. Returns `None` if one of them is not installed.
    #[cfg(feature = "kafka")]
    pub(crate) async fn on_kafka() -> Option<Self> {
        let kafka = KAFKA.get()?;
        let mut servers = PlatformServers::postgres_and_redis()?;
        // All tests share the server.
        let prefix = uuid::Uuid::new_v4().simple();
        servers.broker = vec![
            format!("url={}", kafka.url()),
            format!("kafka.prefix={prefix}-"),
        ];
        Some(Self::start(servers, Vec::new()).await)
    }

    async fn start(servers: PlatformServers, more: Vec<String>) -> Self {
        let sms = crate::sms::Provider::start();
        let mut set = servers.settings();
        // Connections are slow on a busy machine.
        let urls = set.iter().filter_map(|setting| setting.split_once(".url="));
        let databases = urls.filter(|(key, _)| key.ends_with(".database"));
        let timeouts: Vec<_> = databases
            .map(|(key, _)| format!("{key}.connect_timeout=30s"))
            .collect();
        set.extend(timeouts);
        if let Some(redis) = servers.redis() {
            set.push(format!("student.cache.url={}", redis.url()));
        }
        set.extend([
            format!("student.backend.service_tokens.secret={SERVICE_SECRET}"),
            format!("payment.service_tokens.secret={SERVICE_SECRET}"),
            format!("booking.service_tokens.secret={SERVICE_SECRET}"),
            format!("course.service_tokens.secret={SERVICE_SECRET}"),
            format!("notification.backend.service_tokens.secret={SERVICE_SECRET}"),
            "trainer.operation_log.enabled=true".to_owned(),
            "payment.limits.enabled=false".to_owned(),
            "admin.limits.enabled=false".to_owned(),
            "gateway.limits.public=10000".to_owned(),
            "gateway.limits.student=10000".to_owned(),
            "gateway.limits.trainer=10000".to_owned(),
            // Hashes are slow in a debug build.
            "student-auth.passwords.parameters.memory_kib=1024".to_owned(),
            "student-auth.passwords.parameters.iterations=1".to_owned(),
            "trainer-auth.identity.passwords.parameters.memory_kib=1024".to_owned(),
            "trainer-auth.identity.passwords.parameters.iterations=1".to_owned(),
            "admin.passwords.parameters.memory_kib=1024".to_owned(),
            "admin.passwords.parameters.iterations=1".to_owned(),
            "student-auth.codes.min_interval=1ms".to_owned(),
            "student-auth.sms.provider=msg91".to_owned(),
            format!("student-auth.sms.url=http://{}", sms.address),
            "student-auth.sms.auth_key=key-of-the-test".to_owned(),
            "student-auth.sms.template_id=template-of-the-test".to_owned(),
        ]);
        // All users of a test have the same address, and tests poll.
        set.extend(
            [
                "gateway",
                "student",
                "trainer",
                "course",
                "booking",
                "payment",
                "notification",
            ]
            .map(|service| format!("{service}.server.http.rate_limit.requests=100000")),
        );
        set.extend(more);
        let folder = TempDir::new().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let options = PlatformOptions {
            set,
            free_ports: true,
            page: false,
            profile: Some(Profile::Development),
        };
        let platform = Platform::start(&directory, &options).await;
        let platform = platform.unwrap_or_else(|error| panic!("{:?}", error.chain()));
        Self {
            gateway: platform.addresses("gateway").unwrap().http,
            platform,
            sms,
            servers,
            folder,
        }
    }

    fn file(&self, name: &str) -> String {
        let file = self.folder.path().join("data").join(name);
        format!("sqlite:{}", file.display())
    }

    /// Connects to the database of a service.
    pub(crate) async fn database(&self, service: &str) -> Database {
        let server = self.servers.database(service);
        let url = server.map_or_else(
            || self.file(&format!("{service}.db")),
            |database| database.url().to_owned(),
        );
        let config = DatabaseConfig {
            url: url.parse().unwrap(),
            ..DatabaseConfig::default()
        };
        Database::builder("test", config).open().await.unwrap()
    }

    /// Returns the keys of Redis, one per line. `None` without Redis.
    pub(crate) fn redis_keys(&self) -> Option<String> {
        self.redis("KEYS *")
    }

    /// Sends a command to Redis. Returns the response. `None` without Redis.
    pub(crate) fn redis(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.servers.redis()?.address()).unwrap();
        write!(stream, "{command}\r\nQUIT\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        Some(response)
    }

    /// Returns the settings of the broker of all services.
    pub(crate) fn broker(&self) -> Vec<String> {
        if self.servers.broker.is_empty() {
            return vec![format!("broker.url={}", self.file("broker.db"))];
        }
        let settings = self.servers.broker.iter();
        settings
            .map(|setting| format!("broker.{setting}"))
            .collect()
    }

    /// Returns the address of a service.
    pub(crate) fn address(&self, service: &str) -> SocketAddr {
        self.platform.addresses(service).unwrap().http
    }

    /// Returns the admin listener of a service.
    pub(crate) fn admin_address(&self, service: &str) -> SocketAddr {
        self.platform.addresses(service).unwrap().admin
    }

    pub(crate) async fn stop(self) {
        assert!(self.platform.stop().await.is_empty());
    }

    /// Sends a request to the gateway.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> HttpResponse {
        let json = [("content-type", "application/json")];
        let headers: Vec<_> = json.iter().chain(headers).copied().collect();
        request(self.gateway, method, path, &headers, body).unwrap()
    }

    /// Sends a request of a mobile application to a route of accounts.
    pub(crate) fn post(&self, path: &str, body: &Value) -> HttpResponse {
        let path = format!("{BASE}{path}");
        self.send(
            "POST",
            &path,
            &[("x-client-type", "mobile")],
            &body.to_string(),
        )
    }

    /// Sends a request with an access token.
    pub(crate) fn call(&self, token: &str, method: &str, path: &str, body: &Value) -> HttpResponse {
        let bearer = format!("Bearer {token}");
        let path = format!("{BASE}{path}");
        self.send(
            method,
            &path,
            &[("authorization", &bearer)],
            &body.to_string(),
        )
    }

    /// Returns the code of the newest mail to a student, as soon as there are `count`.
    pub(crate) fn mailed_code(&self, email: &str, count: usize) -> String {
        self.mailed_code_of("student-auth", email, count)
    }

    /// Returns the code as `mailed_code` does, for another service of accounts.
    pub(crate) fn mailed_code_of(&self, service: &str, email: &str, count: usize) -> String {
        let codes = || {
            let address = self.address(service);
            let mails = request(address, "GET", "/mailbox.json", &[], "").unwrap();
            let mails: Value = serde_json::from_str(&mails.body).unwrap();
            let to_address: Vec<_> = mails
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string)
                .collect();
            let to_address = to_address.iter().filter(|mail| mail.contains(email));
            let code = |mail: &String| mail.split_once("Your code is ").unwrap().1[..6].to_owned();
            to_address.map(code).collect::<Vec<_>>()
        };
        let started = std::time::Instant::now();
        loop {
            let found = codes();
            if found.len() >= count {
                return found[0].clone();
            }
            assert!(
                started.elapsed() < TIMEOUT,
                "{count} mails to {email}: {found:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Registers and verifies an account. Returns the tokens.
    pub(crate) fn student(&self, email: &str) -> Tokens {
        let body = json!({ "email": email, "password": PASSWORD });
        assert_eq!(self.post("/register", &body).status, 201);
        let body = json!({ "email": email, "otp": self.mailed_code(email, 1) });
        tokens(&self.post("/email/verify", &body))
    }

    /// Registers and verifies a trainer. Returns the access token.
    pub(crate) fn trainer(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let body = json!({ "email": email, "password": PASSWORD, "username": name });
        let created = send(self, "", "POST", "/trainers/auth/register", &body);
        assert_eq!(created.status, 201, "{}", created.body);
        let code = self.mailed_code_of("trainer-auth", &email, 1);
        let body = json!({ "email": email, "otp": code });
        tokens(&send(
            self,
            "",
            "POST",
            "/trainers/auth/email/verify",
            &body,
        ))
        .access
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> HttpResponse {
        self.post("/login", &json!({ "email": email, "password": password }))
    }
}

/// Creates a city with a zone around a place.
pub(crate) fn open_zone(app: &TestPlatform, (latitude, longitude): (f64, f64)) {
    let root = admin_token(app, SEED_EMAIL, SEED_PASSWORD);
    let create = |path: &str, body: &Value| {
        let made = send(app, &root, "POST", path, body);
        assert_eq!(made.status, 201, "{}", made.body);
        json_of(&made)["data"]["id"].clone()
    };
    let centre = json!({ "latitude": latitude, "longitude": longitude });
    let city = create(
        "/booking/cities",
        &json!({ "name": "Mysuru", "centre": centre }),
    );
    let zone = json!({ "cityId": city, "name": "East", "centre": centre, "radiusKm": 10 });
    create("/booking/zones", &zone);
}

/// Logs an administrator in. Returns the access token.
pub(crate) fn admin_token(app: &TestPlatform, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password });
    tokens(&send(app, "", "POST", "/admin/auth/login", &body)).access
}

pub(crate) fn json_of(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

/// Returns the status and the code of an error.
pub(crate) fn outcome(answer: &HttpResponse) -> (u16, String) {
    let code = json_of(answer)["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

#[track_caller]
pub(crate) fn assert_error(answer: &HttpResponse, status: u16, code: &str) {
    assert_eq!(
        outcome(answer),
        (status, code.to_owned()),
        "{}",
        answer.body
    );
    let body = json_of(answer);
    assert_eq!(body["success"], false);
    let id = answer.header("x-correlation-id").unwrap();
    assert_eq!(body["correlationId"], id);
}

#[track_caller]
pub(crate) fn tokens(answer: &HttpResponse) -> Tokens {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = json_of(answer)["data"]["tokens"].clone();
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    assert_eq!(data["expiresIn"], 600);
    Tokens {
        access: text("accessToken"),
        refresh: text("refreshToken"),
    }
}
