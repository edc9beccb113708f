use std::{net::SocketAddr, ops::Deref, path::Path, process::Command};

use rustix::process::Signal;
use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    database::EmptyDatabase,
    http::{Answer, request},
};
use serde_json::{Value, json};

/// Each replica has its own copy of these secrets.
pub(crate) const SECRETS: [&str; 3] = [
    "auth.jwt_secret_key=Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e",
    "kms.seed=correct-horse-battery-staple-and-a-seed",
    "kms.salt=0123456789abcdef",
];

/// A password that the policy accepts.
pub(crate) const PASSWORD: &str = "wonderful4weather";

/// A replica of the service.
pub(crate) struct Replica(TestApp);

impl Deref for Replica {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.0
    }
}

impl From<TestApp> for Replica {
    fn from(app: TestApp) -> Self {
        Self(app)
    }
}

/// Returns the builder of a replica on a database, without captchas and rate limits.
pub(crate) fn builder(url: &str) -> TestAppBuilder {
    let app = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_starter"))).unwrap();
    let database = format!("data.database.url={url}");
    let settings = [
        database.as_str(),
        "data.database.migrate_at_start=true",
        "server.grpc.addr=127.0.0.1:0",
        "server.http.rate_limit.enabled=false",
        "server.grpc.rate_limit.enabled=false",
        "auth.login_rate_limit.enabled=false",
        "auth.public_rate_limit.enabled=false",
        "auth.captcha_enabled=false",
        "auth.totp_enabled=true",
        // Hashes are slow in a debug build.
        "auth.passwords.parameters.memory_kib=1024",
        "auth.passwords.parameters.iterations=1",
    ];
    let settings = settings.iter().chain(&SECRETS);
    settings.fold(app, |app, setting| app.setting(setting))
}

impl Replica {
    pub(crate) fn start(database: &EmptyDatabase) -> Self {
        Self::start_with(database, &[])
    }

    /// Starts a replica with further settings.
    pub(crate) fn start_with(database: &EmptyDatabase, settings: &[&str]) -> Self {
        let app = settings
            .iter()
            .fold(builder(database.url()), |app, setting| app.setting(setting));
        Self(app.start().unwrap())
    }

    /// Kills the process and starts it again.
    pub(crate) fn restart(self) -> Self {
        self.0.signal(Signal::KILL).unwrap();
        Self(self.0.wait().unwrap().1.start().unwrap())
    }

    /// Sends a request with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &body.to_string()).unwrap()
    }

    /// Sends a request with an access token.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        request(self.http, method, path, &headers, body).unwrap()
    }

    /// Registers a user.
    pub(crate) fn register(&self, username: &str) -> Answer {
        let body = json!({ "username": username, "password": PASSWORD });
        self.post("/api/v1/auth/register", &body)
    }

    pub(crate) fn login(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        self.post("/api/v1/auth/login", &body)
    }

    /// Registers a user and returns the access and the refresh token of a login.
    pub(crate) fn user(&self, username: &str) -> (String, String) {
        let answer = self.register(username);
        assert_eq!(answer.status, 200, "{}", answer.body);
        tokens(&self.login(username, PASSWORD))
    }

    pub(crate) fn refresh(&self, token: &str) -> Answer {
        refresh_at(self.http, token)
    }

    /// Returns the code of the last captcha mail.
    pub(crate) fn mailed_code(&self) -> String {
        let mails = self.send("GET", "/mailbox.json", "").unwrap().body;
        let mails: Value = serde_json::from_str(&mails).unwrap();
        let text = mails.to_string();
        let (_, rest) = text.split_once("Your code is ").unwrap();
        rest[..6].to_owned()
    }
}

/// Grants the role of administrators by the command of the program.
pub(crate) fn grant_admin(database: &EmptyDatabase, username: &str) {
    let url = format!("data.database.url={}", database.url());
    let granted = Command::new(env!("CARGO_BIN_EXE_starter"))
        .args(["roles", "grant", username, "admin", "--set", &url])
        .args(SECRETS.iter().flat_map(|secret| ["--set", secret]))
        .output()
        .unwrap();
    assert!(granted.status.success(), "{granted:?}");
}

/// Refreshes a session at a listener.
pub(crate) fn refresh_at(http: SocketAddr, token: &str) -> Answer {
    let json = [("content-type", "application/json")];
    let body = json!({ "refresh_token": token }).to_string();
    request(http, "POST", "/api/v1/auth/refresh", &json, &body).unwrap()
}

/// Returns the body of a response.
pub(crate) fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body))
}

/// Returns the reason of an error.
pub(crate) fn reason(answer: &Answer) -> (u16, String) {
    let body = json_of(answer);
    let reason = body["reason"].as_str().unwrap_or_default().to_owned();
    (answer.status, reason)
}

/// Asserts the status and the reason of an error.
#[track_caller]
pub(crate) fn assert_error(answer: &Answer, status: u16, expected: &str) {
    assert_eq!(
        reason(answer),
        (status, expected.to_owned()),
        "{}",
        answer.body
    );
}

/// Returns the tokens of a login or a refresh.
pub(crate) fn tokens(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = json_of(answer);
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}
