//! Short runs of `load`, `soak` and `chaos` against City Events (SHIP-6): with SQLite and the
//! embedded broker, and with PostgreSQL, RabbitMQ and Redis.
//!
//! The program `city-events` must be in the folder of this build. `cargo test --workspace` builds
//! it. Otherwise run `cargo build -p city-events` first.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is how a test fails"
)]

mod servers;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jsonwebtoken::{EncodingKey, Header, encode};
use seaworthy_testkit::{eventually, process::ServiceProcess};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use self::servers::Servers;

const JOIN: &str = "POST /api/events/{event}/join {}";
/// All requests come from one address.
const WITHOUT_LIMITS: [&str; 5] = [
    "bff.rate_limit.enabled=false",
    "bff.server.http.rate_limit.enabled=false",
    "event.server.grpc.rate_limit.enabled=false",
    "join.server.grpc.rate_limit.enabled=false",
    "feed.server.http.rate_limit.enabled=false",
];

/// The variable with the length of the runs that must pass, in seconds. The scheduled workflow sets
/// minutes.
const SECONDS: &str = "SEAWORTHY_BENCH_SECONDS";

/// Returns the option with the length of a run that must pass.
fn length(default: &str) -> String {
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| default.to_owned());
    format!("--seconds={seconds}")
}

/// The option with the maximum growth of the memory. Measured: at most 4 % (docs/benchmarks.md).
const MAX_GROWTH: &str = "--max-memory-growth-percent=20";

/// City Events as a process, with one published event.
struct TestApp {
    url: String,
    secret: String,
    process: ServiceProcess,
    folder: TempDir,
}

impl TestApp {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts the platform with additional settings, such as `join.database.url=…`.
    async fn start_with(settings: &[String]) -> Self {
        let program =
            Path::new(env!("CARGO_BIN_EXE_seaworthy-bench")).with_file_name("city-events");
        assert!(
            program.is_file(),
            "{} does not exist: run `cargo build -p city-events` first",
            program.display()
        );
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let data_argument = data.display().to_string();
        let mut arguments = vec!["--data", &data_argument, "--free-ports", "--empty"];
        let settings = settings.iter().map(String::as_str);
        let settings = WITHOUT_LIMITS.into_iter().chain(settings);
        arguments.extend(settings.flat_map(|set| ["--set", set]));
        let mut process = ServiceProcess::spawn(&program, &arguments, &[]).unwrap();
        let line = process.line("Open       http://").unwrap();
        let (_, url) = line.split_once("Open ").unwrap();
        let url = url.trim().to_owned();
        process.line("Stop it with Ctrl-C").unwrap();
        let app = Self {
            url,
            secret: fs::read_to_string(data.join("secrets/jwt")).unwrap(),
            process,
            folder,
        };
        fs::write(app.events(), app.publish().await).unwrap();
        app
    }

    fn events(&self) -> String {
        self.folder.path().join("events").display().to_string()
    }

    /// Returns the access token of a new user.
    fn token(&self) -> String {
        let expires = SystemTime::now() + Duration::from_secs(600);
        let expires = expires.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let id = Uuid::new_v4();
        let claims = json!({ "iss": "auth-service", "sub": id, "uid": id, "username": "u", "role": "user", "exp": expires });
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::default(), &claims, &key).unwrap()
    }

    /// Publishes an event and waits until users can join it. Returns its ID.
    async fn publish(&self) -> String {
        let client = reqwest::Client::new();
        let send = async |token: &str, path: &str, body: Value| {
            let request = client.post(format!("{}{path}", self.url));
            let request = request.bearer_auth(token).body(body.to_string());
            let request = request.header("content-type", "application/json");
            let request = request.header("idempotency-key", Uuid::new_v4().to_string());
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            (status, response.text().await.unwrap())
        };
        let host = self.token();
        let event = json!({
            "title": "Run", "description": "Ten kilometers.", "city": "Berlin", "category": "Sport",
            "start_time": "2036-03-01T18:00:00Z", "end_time": "2036-03-01T20:00:00Z",
            "capacity": 100_000,
        });
        let created = send(&host, "/api/events", event).await;
        assert_eq!(created.0, 201, "{created:?}");
        let created: Value = serde_json::from_str(&created.1).unwrap();
        let id = created["id"].as_str().unwrap().to_owned();
        let published = send(&host, &format!("/api/events/{id}/publish"), json!({})).await;
        assert_eq!(published.0, 200, "{published:?}");
        let (user, join) = (self.token(), format!("/api/events/{id}/join"));
        eventually(async || send(&user, &join, json!({})).await.0 < 300).await;
        id
    }

    /// Runs a command against the platform. Returns whether all checks passed, with its output.
    fn run(&self, command: &str, options: &[&str]) -> (bool, String) {
        let process = format!("platform={}", self.process.id());
        let output = Command::new(env!("CARGO_BIN_EXE_seaworthy-bench"))
            .args([command, "--url", &self.url, "--secret", &self.secret])
            .args(["--events", &self.events(), "--process", &process])
            .args(["--rate", "20"])
            .args(options)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let passed = output.status.success();
        assert_eq!(passed, text.contains("all checks passed"), "{text}");
        (passed, text)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_and_soak_pass_against_a_healthy_platform_ship_6() {
    let app = TestApp::start().await;
    let run = |command: &str, request: &str, options: &[&str]| {
        let requests = ["--request", JOIN, "--request", request];
        app.run(command, &[&requests[..], options].concat())
    };
    let (passed, text) = run("load", "GET /api/feed", &[&length("1")]);
    assert!(passed && text.contains("GET /api/feed: "), "{text}");
    let (seconds, growth) = (length("3"), MAX_GROWTH);
    let (passed, text) = run("soak", "GET /api/feed", &[&seconds, growth]);
    assert!(passed && text.contains("platform"), "{text}");

    // Each check fails its command.
    for (command, request, option, violation) in [
        (
            "load",
            "GET /api/nothing",
            "--seconds=1",
            "20 of 40 requests failed",
        ),
        ("load", "GET /api/feed", "--max-p99-ms=0.001", "p99 is"),
        (
            "soak",
            "GET /api/feed",
            "--max-memory-growth-percent=-99",
            "platform grew",
        ),
    ] {
        let options: &[&str] = match option {
            "--seconds=1" => &[option],
            option => &["--seconds=1", option],
        };
        let (passed, text) = run(command, request, options);
        assert!(!passed && text.contains(violation), "{violation}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaos_passes_only_if_the_platform_recovers_ship_6() {
    let app = TestApp::start().await;
    let kill = |signal: &str| format!("kill -{signal} {}", app.process.id());
    let run = |fault: &str, heal: &str, seconds: &str| {
        let (fault, heal) = (kill(fault), kill(heal));
        let faults = ["--fault", &fault, "--heal", &heal, "--request", JOIN];
        let times = [
            "--every-seconds=1",
            "--outage-seconds=1",
            "--recovery-seconds=1",
            seconds,
        ];
        // Requests during the fault may fail.
        let options = [&faults[..], &times, &["--max-failed-percent=100"]];
        app.run("chaos", &options.concat())
    };
    let (passed, text) = run("STOP", "CONT", &length("3"));
    assert!(passed, "{text}");
    // This test does not wait for the ended process, so a signal still reaches it.
    let (passed, text) = run("KILL", "0", "--seconds=3");
    let violation = "requests failed after the last fault";
    assert!(!passed && text.contains(violation), "{text}");
}

/// The statement that counts the rows of the requests.
const JOINS: &str = "SELECT count(*) FROM joins";
/// The statement that sums the counters of the events.
const COUNTERS: &str = "SELECT sum(active_count + waitlist_count) FROM event_capacity";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loss_is_checked_on_the_servers_of_production_ship_6() {
    let Some(servers) = Servers::start() else {
        return;
    };
    let app = TestApp::start_with(&servers.settings()).await;
    let join = servers.url("join");
    let run = |command: &str, statement: &str, options: &[&str]| {
        let rows = format!("{join} {statement}");
        let counters = format!("{join} {COUNTERS}");
        let event = servers.url("event");
        let outboxes = ["--outbox", join, "--outbox", event];
        // With one event, each request needs its own user.
        let requests = ["--request", JOIN, "--users=50000", "--rows", &rows];
        let counters = ["--rows", &counters];
        app.run(
            command,
            &[&requests[..], &counters, &outboxes, options].concat(),
        )
    };
    let (passed, text) = run("load", JOINS, &[&length("2")]);
    assert!(passed, "{text}");

    // The doubled count simulates a duplicate of each row.
    let (passed, text) = run("load", "SELECT 2 * count(*) FROM joins", &["--seconds=1"]);
    assert!(!passed && text.contains("rows are stored"), "{text}");

    // The outbox keeps the events while the broker does not respond.
    let faults = servers.faults();
    let faults: Vec<_> = faults
        .iter()
        .flat_map(|[fault, heal]| ["--fault", fault, "--heal", heal])
        .collect();
    let times = ["--every-seconds=1", "--outage-seconds=1"];
    let (seconds, allowed) = (length("7"), "--max-failed-percent=100");
    let (passed, text) = run(
        "chaos",
        JOINS,
        &[&faults[..], &times, &[&seconds, allowed]].concat(),
    );
    assert!(passed, "{text}");

    // Without the broker the events stay in the outbox.
    let [fault, heal] = &servers.faults()[0];
    servers::shell(fault);
    let (passed, text) = run("load", JOINS, &["--seconds=1", "--settle-seconds=1"]);
    servers::shell(heal);
    assert!(
        !passed && text.contains("events are not published"),
        "{text}"
    );
}
