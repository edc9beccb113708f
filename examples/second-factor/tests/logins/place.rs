use std::{net::SocketAddr, path::Path, sync::Mutex};

use seaworthy_testkit::{
    http::{Answer, request},
    process::ServiceProcess,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::application::shown;

const BINARY: &str = env!("CARGO_BIN_EXE_second-factor");
pub(crate) const PASSWORD: &str = "a lantern over the harbour";
/// 32 bytes in base64, and of no service that runs.
const KEY: &str = "c2Vjb25kLWZhY3Rvci1zZWNvbmQtZmFjdG9yLTAwMDA=";

/// The service with a database of its own.
pub(crate) struct Place {
    http: SocketAddr,
    database: String,
    /// Locked by nobody: so that threads can share the place.
    _service: Mutex<ServiceProcess>,
    _folder: TempDir,
}

/// Somebody with a second factor.
pub(crate) struct Guarded {
    pub(crate) id: String,
    pub(crate) session: String,
    /// The cookie of the device on which the user has logged in.
    pub(crate) device: String,
    pub(crate) secret: String,
    /// What confirmed it.
    pub(crate) used: String,
    pub(crate) recovery: Vec<String>,
}

fn environment(database: &str) -> [(&str, &str); 3] {
    [
        ("SECOND_FACTOR__DATABASE__URL", database),
        ("SECOND_FACTOR__AUDIT_LOG__KEY", KEY),
        ("SECOND_FACTOR__ENCRYPTION_KEY", KEY),
    ]
}

pub(crate) fn open(own: &[&str]) -> Place {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.db");
    let database = format!("sqlite:{}", file.display());
    let own = own.iter().flat_map(|setting| ["--set", *setting]);
    let arguments = [
        "--profile",
        "test",
        "--set",
        "database.migrate_at_start=true",
    ];
    let arguments: Vec<&str> = arguments.into_iter().chain(own).collect();
    let mut service =
        ServiceProcess::start(Path::new(BINARY), &arguments, &environment(&database)).unwrap();
    let (http, _) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    Place {
        http,
        database,
        _service: Mutex::new(service),
        _folder: folder,
    }
}

/// The body of an answer that has this status.
pub(crate) fn body(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or(Value::Null)
}

/// Why somebody is not let in.
pub(crate) fn refusal(answer: &Answer) -> String {
    assert_eq!(answer.header("set-cookie"), None, "nobody is logged in");
    let body = body(answer, answer.status);
    let reason = body["reason"].as_str().unwrap_or_default();
    format!("{} {reason}", answer.status)
}

/// The session that an answer begins.
pub(crate) fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, 204, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// The token of a login that waits for a code.
pub(crate) fn token(answer: &Answer) -> String {
    assert_eq!(answer.header("set-cookie"), None, "the code is missing");
    let body = body(answer, 200);
    assert_eq!(body["code_needed"], true);
    body["token"].as_str().unwrap().to_owned()
}

impl Place {
    pub(crate) fn post(&self, path: &str, session: &str, given: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("cookie", session)];
        request(self.http, "POST", path, &headers, &given.to_string()).unwrap()
    }

    pub(crate) fn me(&self, session: &str) -> Answer {
        request(self.http, "GET", "/me", &[("cookie", session)], "").unwrap()
    }

    pub(crate) fn register(&self, email: &str) -> String {
        let given = json!({ "email": email, "password": PASSWORD });
        let answer = body(&self.post("/register", "", &given), 201);
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn log_in(&self, email: &str, password: &str) -> Answer {
        let given = json!({ "email": email, "password": password });
        self.post("/login", "", &given)
    }

    pub(crate) fn code(&self, token: &str, code: &str) -> Answer {
        let given = json!({ "token": token, "code": code });
        self.post("/login/code", "", &given)
    }

    /// The password, and then this code.
    pub(crate) fn log_in_by(&self, email: &str, code: &str) -> Answer {
        self.code(&token(&self.log_in(email, PASSWORD)), code)
    }

    /// The secret of a factor that is not confirmed.
    pub(crate) fn enrol(&self, session: &str) -> String {
        let given = json!({ "password": PASSWORD });
        let answer = body(&self.post("/totp/enrol", session, &given), 200);
        let secret = answer["secret"].as_str().unwrap().to_owned();
        let address = answer["address"].as_str().unwrap();
        assert!(address.starts_with("otpauth://totp/Second%20Factor:"));
        assert!(address.contains(&secret));
        secret
    }

    pub(crate) fn guarded(&self, email: &str) -> Guarded {
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
        let secret = self.enrol(&session);
        let used = shown(&secret, 0);
        let confirmed = self.post("/totp/confirm", &session, &json!({ "code": used }));
        let codes = body(&confirmed, 200)["recovery_codes"].clone();
        Guarded {
            id,
            session,
            device,
            secret,
            used,
            recovery: serde_json::from_value(codes).unwrap(),
        }
    }

    /// What the command says of the audit log.
    pub(crate) fn audit_log(&self, command: &[&str]) -> String {
        let command = [&["audit-log"], command].concat();
        let environment = environment(&self.database);
        let run = ServiceProcess::start_as_is(Path::new(BINARY), &command, &environment);
        let ended = run.unwrap().ended().unwrap();
        assert!(ended.status.success(), "{}", ended.stderr);
        ended.stdout.join("\n")
    }
}
