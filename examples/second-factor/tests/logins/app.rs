use std::{net::SocketAddr, path::Path, sync::Mutex};

use seaworthy_testkit::{
    http::{self, HttpResponse},
    process::ServiceProcess,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::totp::totp_code;

const BINARY: &str = env!("CARGO_BIN_EXE_second-factor");
pub(crate) const PASSWORD: &str = "a lantern over the harbour";
/// 32 bytes in base64.
const KEY: &str = "c2Vjb25kLWZhY3Rvci1zZWNvbmQtZmFjdG9yLTAwMDA=";

/// The service with its own database.
pub(crate) struct TestApp {
    http: SocketAddr,
    database: String,
    /// The mutex makes this type `Sync`. No test locks it.
    _service: Mutex<ServiceProcess>,
    _folder: TempDir,
}

/// A user with a second factor.
pub(crate) struct ProtectedUser {
    pub(crate) id: String,
    pub(crate) session: String,
    /// The cookie of the device on which the user has logged in.
    pub(crate) device: String,
    pub(crate) secret: String,
    /// The code that enabled the factor.
    pub(crate) used_code: String,
    pub(crate) recovery_codes: Vec<String>,
}

fn environment(database: &str) -> [(&str, &str); 3] {
    [
        ("SECOND_FACTOR__DATABASE__URL", database),
        ("SECOND_FACTOR__AUDIT_LOG__KEY", KEY),
        ("SECOND_FACTOR__ENCRYPTION_KEY", KEY),
    ]
}

/// Starts the service with additional settings.
pub(crate) fn start(settings: &[&str]) -> TestApp {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.db");
    let database = format!("sqlite:{}", file.display());
    let settings = settings.iter().flat_map(|setting| ["--set", *setting]);
    let arguments = [
        "--profile",
        "test",
        "--set",
        "database.migrate_at_start=true",
    ];
    let arguments: Vec<&str> = arguments.into_iter().chain(settings).collect();
    let mut service =
        ServiceProcess::start(Path::new(BINARY), &arguments, &environment(&database)).unwrap();
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    TestApp {
        http,
        database,
        _service: Mutex::new(service),
        _folder: folder,
    }
}

/// Checks the status, and returns the body.
pub(crate) fn body(answer: &HttpResponse, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// Returns the status and reason of a failed login.
pub(crate) fn error(answer: &HttpResponse) -> String {
    assert_eq!(
        answer.header("set-cookie"),
        None,
        "a failed login sets no cookie"
    );
    let body = body(answer, answer.status);
    let reason = body["reason"].as_str().unwrap_or_default();
    format!("{} {reason}", answer.status)
}

/// Returns the session cookie of a successful login.
pub(crate) fn session(answer: &HttpResponse) -> String {
    assert_eq!(answer.status, 204, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Returns the token of a login that waits for a code.
pub(crate) fn login_token(answer: &HttpResponse) -> String {
    assert_eq!(
        answer.header("set-cookie"),
        None,
        "a login without its code sets no cookie"
    );
    let body = body(answer, 200);
    assert_eq!(body["code_needed"], true);
    body["token"].as_str().unwrap().to_owned()
}

impl TestApp {
    pub(crate) fn post(&self, path: &str, session: &str, request: &Value) -> HttpResponse {
        let headers = [("content-type", "application/json"), ("cookie", session)];
        http::request(self.http, "POST", path, &headers, &request.to_string()).unwrap()
    }

    pub(crate) fn me(&self, session: &str) -> HttpResponse {
        http::request(self.http, "GET", "/me", &[("cookie", session)], "").unwrap()
    }

    pub(crate) fn register(&self, email: &str) -> String {
        let request = json!({ "email": email, "password": PASSWORD });
        let answer = body(&self.post("/register", "", &request), 201);
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> HttpResponse {
        let request = json!({ "email": email, "password": password });
        self.post("/login", "", &request)
    }

    pub(crate) fn send_code(&self, token: &str, code: &str) -> HttpResponse {
        let request = json!({ "token": token, "code": code });
        self.post("/login/code", "", &request)
    }

    /// Sends the password and then a code.
    pub(crate) fn log_in_with_code(&self, email: &str, code: &str) -> HttpResponse {
        self.send_code(&login_token(&self.log_in(email, PASSWORD)), code)
    }

    /// Starts an enrollment and returns its secret.
    pub(crate) fn enroll(&self, session: &str) -> String {
        let request = json!({ "password": PASSWORD });
        let answer = body(&self.post("/totp/enroll", session, &request), 200);
        let secret = answer["secret"].as_str().unwrap().to_owned();
        let uri = answer["uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/Second%20Factor:"));
        assert!(uri.contains(&secret));
        secret
    }

    /// Registers a user and enables a second factor.
    pub(crate) fn register_with_factor(&self, email: &str) -> ProtectedUser {
        let id = self.register(email);
        let answer = self.log_in(email, PASSWORD);
        let session = session(&answer);
        let mut cookies = answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie");
        let (_, device) = cookies
            .find(|(_, value)| value.contains("device="))
            .unwrap();
        let device = device.split(';').next().unwrap().to_owned();
        let secret = self.enroll(&session);
        let used_code = totp_code(&secret, 0);
        let confirmed = self.post("/totp/confirm", &session, &json!({ "code": used_code }));
        let codes = body(&confirmed, 200)["recovery_codes"].clone();
        ProtectedUser {
            id,
            session,
            device,
            secret,
            used_code,
            recovery_codes: serde_json::from_value(codes).unwrap(),
        }
    }

    /// Runs a command of the audit log and returns its stdout.
    pub(crate) fn audit_log(&self, command: &[&str]) -> String {
        let command = [&["audit-log"], command].concat();
        let environment = environment(&self.database);
        let run = ServiceProcess::spawn(Path::new(BINARY), &command, &environment);
        let ended = run.unwrap().wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", ended.stderr);
        ended.stdout.join("\n")
    }
}
