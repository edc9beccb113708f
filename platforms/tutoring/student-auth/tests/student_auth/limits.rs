//! Rate limits of the routes of accounts.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    app::TestApp, http::HttpResponse, requirement::required, server::redis::RedisServer,
};

/// A reload takes less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Hashes are slow in a debug build.
pub(crate) const CHEAP_HASHES: [&str; 2] = [
    "passwords.parameters.memory_kib=1024",
    "passwords.parameters.iterations=1",
];

/// Starts a replica with a folder of settings.
pub(crate) fn start(config: &Path, settings: &[&str]) -> TestApp {
    let builder = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_tutoring-student-auth"))).unwrap();
    let file = |name: &str| format!("sqlite:{}", builder.directory().join(name).display());
    let [database, broker] = ["accounts.db", "broker.db"].map(file);
    let secret = "a secret of the tests that is long enough";
    let own = [
        format!("database.url={database}"),
        format!("broker.url={broker}"),
        format!("access_tokens.secret={secret}"),
        format!("codes.pepper={secret}"),
        "database.migrate_at_start=true".to_owned(),
    ];
    let own = own.iter().map(String::as_str);
    let builder = builder.arguments(&["--config", config.to_str().unwrap()]);
    let settings = own.chain(settings.iter().copied());
    builder.settings(settings).start().unwrap()
}

/// Writes the limit on requested codes.
fn write(config: &Path, requests: u32) {
    let text = format!("limits: {{ code_request: {{ requests: {requests}, window: 1h }} }}\n");
    fs::write(config.join("config.yaml"), text).unwrap();
}

fn request_code(app: &TestApp) -> HttpResponse {
    let body = "{\"email\":\"asha@example.org\"}";
    app.send("POST", "/api/v1/students/auth/password/forgot", body)
        .unwrap()
}

#[test]
fn limit_of_codes_follows_a_reload_res_6_conf_4() {
    let config = tempfile::tempdir().unwrap();
    write(config.path(), 1);
    let mut app = start(config.path(), &[]);
    assert_eq!(request_code(&app).status, 200);
    let refused = request_code(&app);
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert!(
        refused.body.contains("\"code\":\"RATE_LIMITED\""),
        "{}",
        refused.body
    );
    assert!(refused.header("retry-after").is_some());
    // The headers describe the limit that rejected the request.
    for (name, value) in [("x-ratelimit-limit", "1"), ("x-ratelimit-remaining", "0")] {
        assert_eq!(refused.header(name), Some(value), "{name}");
    }

    write(config.path(), 50);
    app.process
        .line("\"message\":\"settings reloaded\"")
        .unwrap();
    // The limits follow the settings a moment later.
    let end = Instant::now() + TIMEOUT;
    while request_code(&app).status != 200 {
        assert!(Instant::now() < end);
    }
}

pub(crate) fn post(app: &TestApp, path: &str, body: &str) -> HttpResponse {
    let path = format!("/api/v1/students/auth{path}");
    app.send("POST", &path, body).unwrap()
}

#[test]
fn second_registration_sends_no_other_code_at_once_auth_2() {
    let config = tempfile::tempdir().unwrap();
    // The default limits apply.
    fs::write(config.path().join("config.yaml"), "{}\n").unwrap();
    let app = start(config.path(), &CHEAP_HASHES);
    let register = || {
        let body = "{\"email\":\"asha@example.org\",\"password\":\"Boat4Harbour\"}";
        post(&app, "/register", body)
    };
    let created = register();
    assert_eq!(created.status, 201, "{}", created.body);
    let again = register();
    assert_eq!(again.status, 200, "{}", again.body);
    assert!(
        again.body.contains("\"status\":\"otp_resent\""),
        "{}",
        again.body
    );
    let mails = app.send("GET", "/mailbox.json", "").unwrap();
    assert_eq!(
        mails.body.matches("Your code is").count(),
        1,
        "{}",
        mails.body
    );
}

#[test]
fn second_registration_needs_a_valid_code_auth_2() {
    let config = tempfile::tempdir().unwrap();
    // The default limits apply.
    fs::write(config.path().join("config.yaml"), "{}\n").unwrap();
    let settings = [CHEAP_HASHES[0], CHEAP_HASHES[1], "codes.max_attempts=1"];
    let app = start(config.path(), &settings);
    let body = "{\"email\":\"asha@example.org\",\"password\":\"Boat4Harbour\"}";
    assert_eq!(post(&app, "/register", body).status, 201);
    assert_eq!(post(&app, "/register", body).status, 200);
    let wrong = "{\"email\":\"asha@example.org\",\"otp\":\"000000\"}";
    assert_eq!(post(&app, "/email/verify", wrong).status, 400);
    let refused = post(&app, "/register", body);
    assert_eq!(refused.status, 429, "{}", refused.body);
}

#[test]
fn users_of_one_address_get_codes_for_their_accounts_res_6() {
    let config = tempfile::tempdir().unwrap();
    // The default limits apply.
    fs::write(config.path().join("config.yaml"), "{}\n").unwrap();
    let app = start(config.path(), &CHEAP_HASHES);
    for user in 0..8 {
        let email = format!("user{user}@example.org");
        let body = format!("{{\"email\":\"{email}\",\"password\":\"Boat4Harbour\"}}");
        let created = post(&app, "/register", &body);
        assert_eq!(created.status, 201, "{}", created.body);
        for path in ["/password/forgot", "/email/resend"] {
            let sent = post(&app, path, &format!("{{\"email\":\"{email}\"}}"));
            assert_eq!(sent.status, 200, "{path}: {}", sent.body);
        }
    }
}

#[test]
fn spellings_of_a_mailbox_get_no_own_codes_auth_2() {
    let config = tempfile::tempdir().unwrap();
    write(config.path(), 50);
    let app = start(config.path(), &[]);
    for email in ["x1<asha@example.org>", r#""as\\ha"@example.org"#] {
        let body = format!("{{\"email\":\"{}\"}}", email.replace('"', "\\\""));
        let refused = app.send("POST", "/api/v1/students/auth/password/forgot", &body);
        let refused = refused.unwrap();
        assert_eq!(refused.status, 400, "{email}: {}", refused.body);
        assert!(
            refused.body.contains("\"code\":\"VALIDATION_ERROR\""),
            "{}",
            refused.body
        );
    }
}

/// Returns the response of a Redis with its keys.
fn keys(redis: &RedisServer) -> String {
    let mut stream = TcpStream::connect(redis.address()).unwrap();
    stream.write_all(b"KEYS *\r\nQUIT\r\n").unwrap();
    let mut keys = String::new();
    stream.read_to_string(&mut keys).unwrap();
    keys
}

#[test]
fn replicas_share_the_limit_of_codes_res_6() {
    let Some(program) = required("SEAWORTHY_TEST_REDIS_SERVER") else {
        return;
    };
    let mut redis = RedisServer::start(program).unwrap();
    let config = tempfile::tempdir().unwrap();
    write(config.path(), 2);
    let url = format!("redis.url={}", redis.url());
    let replicas = [(); 2].map(|()| start(config.path(), &[&url]));
    let status = |replica: &TestApp| request_code(replica).status;
    assert_eq!(replicas.each_ref().map(status), [200, 200]);
    assert_eq!(replicas.each_ref().map(status), [429, 429]);
    // Operators of the legacy service search for these keys.
    let keys = keys(&redis);
    let expected = "ratelimit:student_auth:code_request:address:127.0.0.1";
    assert!(keys.contains(expected), "{keys}");
    redis.kill();
    let degraded = request_code(&replicas[0]);
    assert_eq!(degraded.status, 503, "{}", degraded.body);
    assert!(
        degraded.body.contains("SERVICE_DEGRADED"),
        "{}",
        degraded.body
    );
}
