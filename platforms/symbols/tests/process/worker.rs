//! The worker beside the service, as processes that share a broker in a file.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    http::{get, request},
    process::ServiceProcess,
};
use serde_json::Value;

use crate::running::{Running, symbol};

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// Nothing that is waited for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many symbols are created while the worker is killed again and again.
const SYMBOLS: u32 = 60;
const KILLS: u32 = 3;

/// The worker of a service.
pub(crate) struct Worker {
    pub(crate) process: ServiceProcess,
    pub(crate) admin: SocketAddr,
}

impl Worker {
    /// Starts one that keeps its history in this folder.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let file = |name: &str| folder.join(name).display().to_string();
        let database = format!("database.url=sqlite:{}", file("worker.db"));
        let broker = format!("broker.url=sqlite:{}", file("broker.db"));
        let own = [
            "--set",
            &database,
            "--set",
            &broker,
            "--set",
            "database.migrate_at_start=true",
            "--set",
            "lifecycle.drain_delay=0s",
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_symbols-worker"));
        let mut process =
            ServiceProcess::start(program, &[&own[..], arguments].concat(), &[]).unwrap();
        process.line("\"message\":\"ready\"").unwrap();
        let (_, admin) = process.addresses().unwrap();
        Self { process, admin }
    }

    pub(crate) fn killed(self) {
        self.process.signal(Signal::KILL).unwrap();
        self.process.ended().unwrap();
    }
}

/// The history in a database.
pub(crate) struct History(Database);

impl History {
    pub(crate) async fn of(folder: &Path) -> Self {
        let url = format!("sqlite:{}", folder.join("worker.db").display());
        Self::at(&url).await
    }

    pub(crate) async fn at(url: &str) -> Self {
        let config = DatabaseConfig::at(url.parse().unwrap());
        Self(Database::builder("test", config).open().await.unwrap())
    }

    /// Kind, symbol, uid and request of every entry.
    pub(crate) async fn entries(&self) -> Vec<(String, i64, String, Option<String>)> {
        sql("SELECT kind, symbol_id, uid, request_id FROM symbol_history ORDER BY sequence")
            .fetch_all(&self.0)
            .await
            .unwrap()
    }

    /// Waits until there are so many entries.
    pub(crate) async fn until(&self, count: usize) -> Vec<(String, i64, String, Option<String>)> {
        let begun = Instant::now();
        loop {
            let entries = self.entries().await;
            if entries.len() >= count {
                return entries;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "entries are missing: {entries:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[test]
fn request_and_trace_go_from_the_call_to_the_line_of_the_worker_obs_6_obs_7_msg_8() {
    let service = Running::start(&[]);
    let mut worker = Worker::start(service.directory(), &[]);
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", REQUEST_ID),
        ("traceparent", TRACEPARENT),
    ];
    let created = request(service.http, "POST", "/v1/symbols", &headers, &symbol(7, 1)).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    let line = worker
        .process
        .line("the history has another entry")
        .unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["request_id"], REQUEST_ID, "{line}");
    assert_eq!(line["trace_id"], TRACE_ID, "{line}");
    assert_eq!(line["kind"], "symbol.created", "{line}");
}

#[tokio::test]
async fn every_change_is_told_once_and_what_changes_nothing_is_not_told_msg_4() {
    let service = Running::start(&[]);
    let worker = Worker::start(service.directory(), &[]);
    let id = service.create(7, 1);
    let this = format!("/v1/symbols/{id}");
    assert_eq!(service.send("PUT", &this, &symbol(8, 2)).status, 200);
    // Refused: nothing is told of it.
    assert_eq!(
        service.send("POST", "/v1/symbols", &symbol(8, 2)).status,
        400
    );
    assert_eq!(
        service.send("PUT", "/v1/symbols/99", &symbol(8, 3)).status,
        404
    );
    assert_eq!(service.send("DELETE", &this, "").status, 200);
    assert_eq!(service.send("DELETE", &this, "").status, 404);
    service.create(7, 4);
    let mut told = History::of(service.directory()).await.until(4).await;
    // Those of one symbol are in order; others need not be.
    told.sort_by_key(|(_, symbol, ..)| *symbol);
    let told: Vec<_> = told
        .iter()
        .map(|(kind, symbol, uid, _)| (kind.as_str(), *symbol, uid.as_str()))
        .collect();
    let [first, second, fourth] =
        [1, 2, 4].map(|number| format!("00000000-0000-4000-8000-{number:012}"));
    assert_eq!(
        told,
        [
            ("symbol.created", 1, first.as_str()),
            ("symbol.updated", 1, &second),
            ("symbol.deleted", 1, &second),
            ("symbol.created", 2, &fourth),
        ]
    );
    drop(worker);
}

#[tokio::test]
async fn an_event_survives_the_death_of_the_service_between_commit_and_relay_msg_4() {
    // The first service stores and never publishes.
    let service = Running::start(&["--set", "outbox.relay.enabled=false"]);
    let worker = Worker::start(service.directory(), &[]);
    for number in 1..=5 {
        service.create(7, number);
    }
    let history = History::of(service.directory()).await;
    assert!(history.entries().await.is_empty());
    let service = service.killed_and_started_again();
    let told = history.until(5).await;
    // Those of one symbol are in order; others need not be.
    let mut symbols: Vec<_> = told.iter().map(|(_, symbol, ..)| *symbol).collect();
    symbols.sort_unstable();
    assert_eq!(symbols, [1, 2, 3, 4, 5]);
    drop((service, worker));
}

#[tokio::test]
async fn a_worker_that_is_killed_again_and_again_has_each_effect_once_msg_5() {
    let service = Running::start(&[]);
    let quick = ["--set", "broker.embedded.claim_ttl=1s"];
    let mut number = 0;
    for _ in 0..KILLS {
        let worker = Worker::start(service.directory(), &quick);
        for _ in 0..SYMBOLS / KILLS {
            number += 1;
            service.create(7, number);
        }
        worker.killed();
    }
    let worker = Worker::start(service.directory(), &quick);
    let history = History::of(service.directory()).await;
    let told = history.until(SYMBOLS.try_into().unwrap()).await;
    let mut symbols: Vec<_> = told.iter().map(|(_, symbol, ..)| *symbol).collect();
    symbols.sort_unstable();
    let all: Vec<_> = (1..=i64::from(SYMBOLS)).collect();
    assert_eq!(symbols, all);
    drop(worker);
}

#[test]
fn a_worker_is_asked_as_every_service_hlth_1_obs_4() {
    let service = Running::start(&[]);
    let mut worker = Worker::start(service.directory(), &[]);
    service.create(7, 1);
    worker
        .process
        .line("the history has another entry")
        .unwrap();
    for probe in ["/healthz", "/readyz"] {
        let answer = get(worker.admin, probe).unwrap();
        assert_eq!(answer.status, 200, "{probe}: {}", answer.body);
    }
    let metrics = get(worker.admin, "/metrics").unwrap().body;
    let line = "symbol_worker_messages_consumed_total{";
    assert!(metrics.contains(line), "{metrics}");
    worker.process.signal(Signal::TERM).unwrap();
    let ended = worker.process.ended().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
}

#[test]
fn commands_look_at_the_tables_and_the_outbox_data_2_msg_4() {
    let service = Running::start(&["--set", "outbox.relay.enabled=false"]);
    service.create(7, 1);
    let database = format!("database.url=sqlite:{}", service.store().display());
    let broker = format!(
        "broker.url=sqlite:{}",
        service.directory().join("broker.db").display()
    );
    let said = |command: &[&str]| {
        let arguments = [command, &["--set", &database, "--set", &broker]].concat();
        let program = Path::new(env!("CARGO_BIN_EXE_symbols"));
        let process = ServiceProcess::start_as_is(program, &arguments, &[]).unwrap();
        let ended = process.ended().unwrap();
        assert!(ended.status.success(), "{ended:#?}");
        ended.stdout.join("\n")
    };
    assert!(said(&["outbox", "status"]).starts_with("1 events wait"));
    assert!(said(&["migrate", "status"]).contains("applied    1 symbols"));
    said(&["migrate", "verify"]);
}
