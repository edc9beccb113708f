use std::{net::SocketAddr, process::Command};

use seaworthy::{
    config::{Environment, Loader},
    data::Database,
    service::RunningService,
};
use seaworthy_testkit::{
    database::EmptyDatabase, http::HttpResponse, redis::RedisServer, requirement::required, totp,
};
use serde_json::{Value, json};
use tutoring_admin::AdminConfig;
use tutoring_testkit::{call, connect};

pub(crate) use tutoring_testkit::{SECRET, json_of, rejection};

/// The logins of an account in 15 minutes.
pub(crate) const LOGINS: usize = 6;
pub(crate) const SUPER_EMAIL: &str = "root@example.org";

/// The running service with its own database.
pub(crate) struct TestApp {
    pub(crate) http: SocketAddr,
    pub(crate) redis: Option<RedisServer>,
    settings: Vec<String>,
    _service: RunningService,
    pub(crate) empty: EmptyDatabase,
}

/// Returns the temporary password that `admins create` prints.
fn password_of(created: &std::process::Output) -> String {
    assert!(created.status.success(), "{created:?}");
    let line = String::from_utf8_lossy(&created.stdout);
    line.trim().rsplit(' ').next().unwrap().to_owned()
}

/// A logged-in admin.
#[derive(Debug, Clone)]
pub(crate) struct TestAdmin {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

pub(crate) fn redis() -> Option<RedisServer> {
    Some(RedisServer::start(required("SEAWORTHY_TEST_REDIS_SERVER")?).unwrap())
}

pub(crate) async fn open(empty: EmptyDatabase, redis: Option<RedisServer>) -> TestApp {
    let mut settings = vec![
        format!("database.url={}", empty.url()),
        format!("access_tokens.secret={SECRET}"),
        format!("audit_log.key={SECRET}"),
        format!("totp.secret={SECRET}"),
        "database.migrate_at_start=true".to_owned(),
        // Hashes are slow in a debug build.
        "passwords.parameters.memory_kib=1024".to_owned(),
        "passwords.parameters.iterations=1".to_owned(),
        "server.http.addr=127.0.0.1:0".to_owned(),
        "admin.addr=127.0.0.1:0".to_owned(),
        "server.http.rate_limit.enabled=false".to_owned(),
        // A login, five failures and no more.
        format!("limits.login.requests={LOGINS}"),
        "server.http.access_log.enabled=false".to_owned(),
        "log.level=error".to_owned(),
    ];
    settings.extend(
        redis
            .iter()
            .map(|redis| format!("redis.url={}", redis.url())),
    );
    let loader = Loader::new("tutoring-admin")
        .environment(Environment::default())
        .overrides(settings.clone());
    let service = tutoring_admin::service()
        .start::<AdminConfig, _>(loader, tutoring_admin::assemble)
        .await
        .unwrap_or_else(|error| panic!("{:?}", error.chain()));
    TestApp {
        http: service.addresses().http,
        redis,
        settings,
        _service: service,
        empty,
    }
}

impl TestApp {
    /// Runs `admins create` as its own process.
    pub(crate) fn create_by_command(&self, email: &str) -> std::process::Output {
        self.create_with(email, &[])
    }

    /// Runs `admins create` with further settings.
    fn create_with(&self, email: &str, more: &[&str]) -> std::process::Output {
        let settings = self.settings.iter().map(String::as_str);
        let settings = settings.chain(more.iter().copied());
        Command::new(env!("CARGO_BIN_EXE_tutoring-admin"))
            .args(["admins", "create", email, "Ada Lovelace"])
            .args(settings.flat_map(|setting| ["--set", setting]))
            .output()
            .unwrap()
    }

    /// Creates a super admin whose hash has other parameters than those of the service. Returns the
    /// password.
    pub(crate) fn create_with_other_hash(&self, email: &str) -> String {
        let created = self.create_with(email, &["passwords.parameters.iterations=2"]);
        password_of(&created)
    }

    /// Connects to the database.
    pub(crate) async fn database(&self) -> Database {
        connect(&self.empty).await
    }

    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> HttpResponse {
        let path = format!("/admin{path}");
        call(self.http, (method, &path), token, &[], body)
    }

    pub(crate) fn get(&self, path: &str, by: &TestAdmin) -> HttpResponse {
        self.call("GET", path, &by.token, &Value::Null)
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> HttpResponse {
        let body = json!({ "email": email, "password": password });
        self.call("POST", "/auth/login", "", &body)
    }

    pub(crate) fn logged_in(&self, email: &str, password: &str) -> TestAdmin {
        let answer = self.log_in(email, password);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let data = &json_of(&answer)["data"];
        let text = |pointer| {
            data.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap()
                .to_owned()
        };
        TestAdmin {
            id: text("/user/id"),
            email: email.to_owned(),
            password: password.to_owned(),
            token: text("/tokens/accessToken"),
            refresh: text("/tokens/refreshToken"),
        }
    }

    /// Creates a super admin by the command, and logs in.
    pub(crate) fn super_admin(&self) -> TestAdmin {
        let password = password_of(&self.create_by_command(SUPER_EMAIL));
        self.logged_in(SUPER_EMAIL, &password)
    }

    /// Creates an admin with one role.
    pub(crate) fn try_create(
        &self,
        by: &TestAdmin,
        email: &str,
        role: &str,
        place: &[&str],
    ) -> HttpResponse {
        let levels = ["state", "district", "zone", "locality"];
        let territory: Value = levels
            .iter()
            .zip(place)
            .map(|(level, name)| ((*level).to_owned(), json!(name)))
            .collect();
        let body = json!({
            "email": email,
            "fullName": "Grace Hopper",
            "roles": [role],
            "territory": territory,
        });
        self.call("POST", "/admins", &by.token, &body)
    }

    /// Creates an admin with one role, and logs in.
    pub(crate) fn create(
        &self,
        by: &TestAdmin,
        email: &str,
        role: &str,
        place: &[&str],
    ) -> TestAdmin {
        let answer = self.try_create(by, email, role, place);
        assert_eq!(answer.status, 201, "{}", answer.body);
        let password = json_of(&answer)["data"]["temporaryPassword"]
            .as_str()
            .unwrap()
            .to_owned();
        self.logged_in(email, &password)
    }

    /// Begins an enrollment of a second factor. Returns its secret.
    pub(crate) fn enroll(&self, admin: &TestAdmin) -> String {
        let body = json!({ "password": admin.password });
        let enrolled = self.call("POST", "/auth/totp/enroll", &admin.token, &body);
        assert_eq!(enrolled.status, 200, "{}", enrolled.body);
        let secret = json_of(&enrolled)["data"]["secret"].clone();
        secret.as_str().unwrap().to_owned()
    }

    /// Confirms an enrollment.
    pub(crate) fn confirm(&self, admin: &TestAdmin, secret: &str) -> HttpResponse {
        let body = json!({ "totpCode": totp::code(secret, 0) });
        self.call("POST", "/auth/totp/confirm", &admin.token, &body)
    }

    pub(crate) fn change_password(&self, admin: &TestAdmin, new: &str) -> HttpResponse {
        let body = json!({ "currentPassword": admin.password, "newPassword": new });
        self.call("POST", "/auth/password/change", &admin.token, &body)
    }

    pub(crate) fn refresh(&self, token: &str) -> HttpResponse {
        self.call(
            "POST",
            "/auth/refresh",
            "",
            &json!({ "refreshToken": token }),
        )
    }
}
