use std::{net::SocketAddr, time::Duration};

use seaworthy::{
    config::Profile,
    data::{Database, DatabaseConfig},
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    http::{Answer, request},
    redis::RedisServer,
    requirement::required,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tutoring::{DataDirectory, Platform, PlatformOptions};

/// The secret of access tokens.
pub(crate) const SECRET: &str = "Qm9hdHMgYXJlIHNhZmUgaW4gaGFyYm91ciwgYnV0";
pub(crate) const PASSWORD: &str = "Boat4Harbour";
pub(crate) const BASE: &str = "/api/v1/students/auth";
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running platform with its stores.
pub(crate) struct TestPlatform {
    platform: Platform,
    pub(crate) gateway: SocketAddr,
    pub(crate) accounts: SocketAddr,
    pub(crate) sms: crate::sms::Provider,
    pub(crate) redis: Option<RedisServer>,
    _database: Option<EmptyDatabase>,
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
        Self::start(None, None, Vec::new()).await
    }

    /// Starts on embedded engines with further settings.
    pub(crate) async fn with(settings: Vec<String>) -> Self {
        Self::start(None, None, settings).await
    }

    /// Returns `None` if PostgreSQL or Redis is not installed.
    pub(crate) async fn on_servers() -> Option<Self> {
        let redis = required("SEAWORTHY_TEST_REDIS_SERVER")?;
        let database = EmptyDatabase::postgres()?;
        let redis = RedisServer::start(redis).unwrap();
        Some(Self::start(Some(database), Some(redis), Vec::new()).await)
    }

    async fn start(
        database: Option<EmptyDatabase>,
        redis: Option<RedisServer>,
        more: Vec<String>,
    ) -> Self {
        let sms = crate::sms::Provider::start();
        let mut set = vec![
            format!("student-auth.access_tokens.secret={SECRET}"),
            format!("gateway.access_tokens.secret={SECRET}"),
            format!("trainer-auth.identity.access_tokens.secret={SECRET}"),
            format!("admin.access_tokens.secret={SECRET}"),
            format!("student.backend.access_tokens.secret={SECRET}"),
            format!("trainer.backend.access_tokens.secret={SECRET}"),
            format!("course.access_tokens.secret={SECRET}"),
            format!("booking.access_tokens.secret={SECRET}"),
            format!("payment.access_tokens.secret={SECRET}"),
            "payment.limits.enabled=false".to_owned(),
            "gateway.limits.public=10000".to_owned(),
            "gateway.limits.student=10000".to_owned(),
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
        ];
        if let Some(database) = &database {
            set.push(format!("student-auth.database.url={}", database.url()));
        }
        if let Some(redis) = &redis {
            set.push(format!("student-auth.redis.url={}", redis.url()));
            set.push(format!("gateway.redis.url={}", redis.url()));
            set.push(format!("trainer-auth.identity.redis.url={}", redis.url()));
            set.push(format!("admin.redis.url={}", redis.url()));
            set.push(format!("student.backend.redis.url={}", redis.url()));
            set.push(format!("trainer.backend.redis.url={}", redis.url()));
            set.push(format!("course.redis.url={}", redis.url()));
            set.push(format!("booking.redis.url={}", redis.url()));
            set.push(format!("payment.redis.url={}", redis.url()));
        }
        set.extend(more);
        let folder = TempDir::new().unwrap();
        let directory = DataDirectory::open(folder.path().join("data")).unwrap();
        let options = PlatformOptions {
            set,
            free_ports: true,
            profile: Some(Profile::Development),
        };
        let platform = Platform::start(&directory, &options).await;
        let platform = platform.unwrap_or_else(|error| panic!("{:?}", error.chain()));
        Self {
            gateway: platform.addresses("gateway").unwrap().http,
            accounts: platform.addresses("student-auth").unwrap().http,
            platform,
            sms,
            redis,
            _database: database,
            folder,
        }
    }

    /// Connects to the database file of a service.
    pub(crate) async fn database(&self, service: &str) -> Database {
        let file = self
            .folder
            .path()
            .join("data")
            .join(format!("{service}.db"));
        let config = DatabaseConfig {
            url: format!("sqlite:{}", file.display()).parse().unwrap(),
            ..DatabaseConfig::default()
        };
        Database::builder("test", config).open().await.unwrap()
    }

    /// Returns the URL of the broker of all services.
    pub(crate) fn broker(&self) -> String {
        let file = self.folder.path().join("data").join("broker.db");
        format!("sqlite:{}", file.display())
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
    ) -> Answer {
        let json = [("content-type", "application/json")];
        let headers: Vec<_> = json.iter().chain(headers).copied().collect();
        request(self.gateway, method, path, &headers, body).unwrap()
    }

    /// Sends a request of a mobile application to a route of accounts.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let path = format!("{BASE}{path}");
        self.send(
            "POST",
            &path,
            &[("x-client-type", "mobile")],
            &body.to_string(),
        )
    }

    /// Sends a request with an access token.
    pub(crate) fn call(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let path = format!("{BASE}{path}");
        self.send(
            method,
            &path,
            &[("authorization", &bearer)],
            &body.to_string(),
        )
    }

    /// Returns the code of the newest mail to an address, as soon as there are `count`.
    pub(crate) fn mailed_code(&self, email: &str, count: usize) -> String {
        let codes = || {
            let mails = request(self.accounts, "GET", "/mailbox.json", &[], "").unwrap();
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

    pub(crate) fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/login", &json!({ "email": email, "password": password }))
    }
}

pub(crate) fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

/// Returns the status and the code of an error.
pub(crate) fn outcome(answer: &Answer) -> (u16, String) {
    let code = json_of(answer)["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

#[track_caller]
pub(crate) fn assert_error(answer: &Answer, status: u16, code: &str) {
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
pub(crate) fn tokens(answer: &Answer) -> Tokens {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = json_of(answer)["data"]["tokens"].clone();
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    assert_eq!(data["expiresIn"], 600);
    Tokens {
        access: text("accessToken"),
        refresh: text("refreshToken"),
    }
}

/// Waits until a value exists.
pub(crate) fn wait_for<T>(condition: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < TIMEOUT, "{condition} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
