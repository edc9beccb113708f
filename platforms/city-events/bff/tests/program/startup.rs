//! Starts of the program alone: without settings, with legacy variables, and with a reload.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy_testkit::{
    http::{Connection, get, request},
    process::ServiceProcess,
};

/// Longer than a reload takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Starts the program with variables, and returns whether it ended with an error that names a key.
#[track_caller]
fn assert_start_names(key: &str, environment: &[(&str, &str)]) {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let ended =
        ServiceProcess::start(program, &[], environment).and_then(ServiceProcess::wait_with_output);
    let outcome = ended
        .as_ref()
        .map(|ended| (ended.status.success(), ended.stderr.contains(key)));
    assert!(matches!(outcome, Ok((false, true))), "{ended:#?}");
}

#[test]
fn start_fails_without_jwt_secret_conf_5() {
    assert_start_names("jwt.secret", &[]);
}

#[test]
fn start_fails_without_own_credentials_auth_6() {
    let secret = ("JWT_SECRET", "a secret of this test with 32 bytes or more");
    assert_start_names("service_calls.secret", &[secret]);
}

#[test]
fn rejected_legacy_variable_ends_program_with_78_conf_1() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let variables = [("EVENT_SERVICE_URL", "http://event:8080")];
    let process = ServiceProcess::spawn(program, &["serve"], &variables);
    let ended = process.unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    let text = "env EVENT_SERVICE_URL: the variable is not supported: set grpc_clients.event.url";
    assert!(ended.stderr.contains(text), "{ended:#?}");
}

/// The upstream services are unavailable, and requests are counted first.
#[test]
fn limits_of_callers_follow_a_reload_res_6_conf_4() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    let limit = |requests: u32| {
        let text = format!("rate_limit: {{ requests: {requests}, window: 1h }}\n");
        fs::write(&file, text).unwrap();
    };
    limit(1);
    let arguments = [
        "--config",
        folder.path().to_str().unwrap(),
        "--set",
        "jwt.secret=a secret of this test with 32 bytes or more",
        "--set",
        "service_calls.secret=another secret of this test with 32 bytes",
        "--set",
        "grpc_clients.event.url=http://127.0.0.1:9",
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let mut process = ServiceProcess::start(program, &arguments, &[]).unwrap();
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let status = || get(http, "/api/events").unwrap().status;
    assert_ne!(status(), 429);
    assert_eq!(status(), 429);
    limit(1_000);
    process.signal(Signal::HUP).unwrap();
    let started = Instant::now();
    while status() == 429 {
        assert!(started.elapsed() < TIMEOUT, "the limit stays");
        thread::sleep(Duration::from_millis(50));
    }
    let invalid = "rate_limit: { redis: { address: http://redis.example } }\n";
    fs::write(&file, invalid).unwrap();
    process.signal(Signal::HUP).unwrap();
    let line = process.line("rate limits could not be reloaded").unwrap();
    assert!(
        line.contains("rate_limit.redis.address is not a valid Redis address"),
        "{line}"
    );
    assert_ne!(status(), 429);
}

#[test]
fn joins_and_cancellations_are_critical_res_7() {
    let arguments = [
        "--set",
        "jwt.secret=a secret of this test with 32 bytes or more",
        "--set",
        "service_calls.secret=another secret of this test with 32 bytes",
        "--set",
        "server.http.load_shed.max_in_flight=1",
    ];
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let mut process = ServiceProcess::start(program, &arguments, &[]).unwrap();
    let (http, admin) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    // This request stays in flight, because it never sends its body.
    let mut held = Connection::open(http).unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    held.send_head("/plain/session", &form, "email=a").unwrap();
    let event = "/api/events/00000000-0000-4000-8000-000000000001";
    let authorization = [("authorization", "Bearer token")];
    // Without a token the priority is normal, so that such requests do not displace logins.
    for headers in [&authorization[..], &[]] {
        for path in ["join", "cancel"] {
            let path = format!("{event}/{path}");
            let rejected = request(http, "POST", &path, headers, "").unwrap();
            assert_eq!(rejected.status, 503, "{path}: {}", rejected.body);
        }
    }
    let rejected = get(http, &format!("{event}/view")).unwrap();
    assert_eq!(rejected.status, 503, "{}", rejected.body);
    let metrics = get(admin, "/metrics").unwrap().body;
    for line in [
        "load_shed_total{name=\"http\",priority=\"critical\"} 2",
        "load_shed_total{name=\"http\",priority=\"normal\"} 3",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}
