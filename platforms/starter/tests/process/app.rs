use std::{
    io::Write as _,
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::Path,
    process::{Command, Output, Stdio},
};

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    database::EmptyDatabase,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};

use crate::{
    in_flight::WAITING,
    logs::{assert_clean_log, assert_clean_output, remembered},
    redis::shared_limits,
};

/// Each replica has its own copy of these secrets.
pub(crate) const SECRETS: [&str; 3] = [
    "auth.jwt_secret_key=Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e",
    "kms.seed=correct-horse-battery-staple-and-a-seed",
    "kms.salt=0123456789abcdef",
];

/// A password that the policy accepts.
pub(crate) const PASSWORD: &str = "wonderful4weather";

/// A replica of the service. At its end, its log is searched for secrets and personal values.
pub(crate) struct Replica(TestApp);

impl Deref for Replica {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.0
    }
}

impl DerefMut for Replica {
    fn deref_mut(&mut self) -> &mut TestApp {
        &mut self.0
    }
}

impl From<TestApp> for Replica {
    fn from(app: TestApp) -> Self {
        Self(app)
    }
}

/// Returns the builder of a replica on a database, without captchas and rate limits.
pub(crate) fn builder(url: &str) -> TestAppBuilder {
    builder_with(url, &SECRETS)
}

/// Returns the builder of a replica with these secrets.
pub(crate) fn builder_with(url: &str, secrets: &[&str]) -> TestAppBuilder {
    let app = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_starter"))).unwrap();
    let database = format!("data.database.url={url}");
    let settings = [
        database.as_str(),
        "data.database.migrate_at_start=true",
        "server.grpc.addr=127.0.0.1:0",
        "health.addr=127.0.0.1:0",
        // All tests share one server.
        "data.database.pool.min_connections=2",
        "data.database.pool.max_connections=10",
        "server.http.rate_limit.enabled=false",
        "server.grpc.rate_limit.enabled=false",
        "auth.login_rate_limit.enabled=false",
        "auth.public_rate_limit.enabled=false",
        "auth.captcha_enabled=false",
        "auth.totp_enabled=true",
        "log.level=debug",
        // Hashes are slow in a debug build.
        "auth.passwords.parameters.memory_kib=1024",
        "auth.passwords.parameters.iterations=1",
    ];
    let settings = settings.iter().chain(secrets);
    app.settings(settings).check_output(assert_clean_log)
}

impl Replica {
    pub(crate) fn start(database: &EmptyDatabase) -> Self {
        Self::start_with(database, &[])
    }

    /// Starts a replica with further settings.
    pub(crate) fn start_with(database: &EmptyDatabase, settings: &[&str]) -> Self {
        let app = builder(database.url())
            .settings(shared_limits())
            .settings(settings);
        let app = match database.is_pooled() {
            true => app.setting("data.database.transaction_pooling=true"),
            false => app,
        };
        Self(app.start().unwrap())
    }

    /// Kills the process and starts it again.
    pub(crate) fn restart(self) -> Self {
        Self(self.0.kill().unwrap().start().unwrap())
    }

    /// Sends a request with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> HttpResponse {
        self.send("POST", path, &body.to_string()).unwrap()
    }

    /// Sends a request with an access token.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &str) -> HttpResponse {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        request(self.http, method, path, &headers, body).unwrap()
    }

    /// Registers a user.
    pub(crate) fn register(&self, username: &str) -> HttpResponse {
        let body = json!({ "username": username, "password": PASSWORD });
        self.post("/api/v1/auth/register", &body)
    }

    pub(crate) fn login(&self, username: &str, password: &str) -> HttpResponse {
        let body = json!({ "username": username, "password": password });
        self.post("/api/v1/auth/login", &body)
    }

    /// Registers a user and returns the access and the refresh token of a login.
    pub(crate) fn user(&self, username: &str) -> (String, String) {
        let answer = self.register(username);
        assert_eq!(answer.status, 200, "{}", answer.body);
        tokens(&self.login(username, PASSWORD))
    }

    pub(crate) fn refresh(&self, token: &str) -> HttpResponse {
        refresh_at(self.http, token)
    }

    /// Returns the code of the last captcha mail.
    pub(crate) fn mailed_code(&self) -> String {
        let mails = self.send("GET", "/mailbox.json", "").unwrap().body;
        let mails: Value = serde_json::from_str(&mails).unwrap();
        let text = mails.to_string();
        let (_, rest) = text.split_once("Your code is ").unwrap();
        remembered(&rest[..6])
    }
}

/// Grants the role of administrators by the command of the program.
pub(crate) fn grant_admin(database: &EmptyDatabase, username: &str) {
    command(database, &["roles", "grant", username, "admin"]);
}

/// Runs a command of the program on a database.
pub(crate) fn command(database: &EmptyDatabase, arguments: &[&str]) {
    let ran = try_command(database, arguments);
    assert!(ran.status.success(), "{ran:?}");
}

/// Runs a command of the program, which may fail. Its output is searched for secrets.
pub(crate) fn try_command(database: &EmptyDatabase, arguments: &[&str]) -> Output {
    let url = format!("data.database.url={}", database.url());
    let ran = Command::new(env!("CARGO_BIN_EXE_starter"))
        .args(arguments)
        .args(["--set", &url, "--set", "log.level=debug"])
        .args(SECRETS.iter().flat_map(|secret| ["--set", secret]))
        .output()
        .unwrap();
    assert_clean_output(&ran);
    ran
}

/// Sets a password by the command of the program, which reads it from its input.
pub(crate) fn set_password(database: &EmptyDatabase, username: &str, password: &str) -> Output {
    let url = format!("data.database.url={}", database.url());
    let settings = [
        url.as_str(),
        "log.level=debug",
        // Hashes are slow in a debug build.
        "auth.passwords.parameters.memory_kib=1024",
        "auth.passwords.parameters.iterations=1",
    ];
    let settings = settings.iter().chain(&SECRETS).chain(WAITING);
    let mut process = Command::new(env!("CARGO_BIN_EXE_starter"))
        .args(["users", "set-password", username])
        .args(settings.flat_map(|setting| ["--set", setting]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    writeln!(input, "{password}").unwrap();
    drop(input);
    let ran = process.wait_with_output().unwrap();
    assert_clean_output(&ran);
    ran
}

/// Returns the actions and the targets of the audit log, oldest first.
pub(crate) fn audited(database: &EmptyDatabase) -> Vec<(String, String)> {
    in_database(database, async |database| {
        let logged = sql("SELECT action, target_id FROM audit_log ORDER BY sequence");
        logged.fetch_all(&database).await.unwrap()
    })
}

/// Changes the database besides the service.
pub(crate) fn execute(database: &EmptyDatabase, statement: &'static str) {
    in_database(database, async |database| {
        sql(statement).execute(&database).await.unwrap();
    });
}

pub(crate) fn in_database<T>(database: &EmptyDatabase, work: impl AsyncFnOnce(Database) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = DatabaseConfig::from_url(database.url().parse().unwrap());
        work(Database::builder("test", config).open().await.unwrap()).await
    })
}

/// Refreshes a session at a listener.
pub(crate) fn refresh_at(http: SocketAddr, token: &str) -> HttpResponse {
    let json = [("content-type", "application/json")];
    let body = json!({ "refresh_token": token }).to_string();
    request(http, "POST", "/api/v1/auth/refresh", &json, &body).unwrap()
}

/// Returns the body of a response.
pub(crate) fn json_of(answer: &HttpResponse) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

/// Returns the reason of an error.
pub(crate) fn reason(answer: &HttpResponse) -> (u16, String) {
    let body = json_of(answer);
    let reason = body["reason"].as_str().unwrap_or_default().to_owned();
    (answer.status, reason)
}

/// Asserts the status and the reason of an error.
#[track_caller]
pub(crate) fn assert_error(answer: &HttpResponse, status: u16, expected: &str) {
    assert_eq!(
        reason(answer),
        (status, expected.to_owned()),
        "{}",
        answer.body
    );
}

/// Returns the tokens of a login or a refresh.
pub(crate) fn tokens(answer: &HttpResponse) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = json_of(answer);
    let text = |name: &str| remembered(body[name].as_str().unwrap());
    (text("access_token"), text("refresh_token"))
}
