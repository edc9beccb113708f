//! The worker and the service on a broker in a file.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::{
    app::TestApp,
    database::EmptyDatabase,
    http::{get, request},
    process::ServiceProcess,
};
use serde_json::Value;

use crate::app::{SymbolsApp, symbol};

const REQUEST_ID: &str = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// Time limit of everything that tests wait for, on the slowest machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);
/// Number of symbols that are created while the worker is killed repeatedly.
const SYMBOLS: u32 = 60;
const KILLS: u32 = 3;

/// Starts a worker whose database and broker are files in a directory.
pub(crate) fn start_worker(directory: &Path, arguments: &[&str]) -> TestApp {
    let file = |name: &str| directory.join(name).display().to_string();
    TestApp::builder(Path::new(env!("CARGO_BIN_EXE_symbols-worker")))
        .unwrap()
        .setting(&format!("database.url=sqlite:{}", file("worker.db")))
        .setting(&format!("broker.url=sqlite:{}", file("broker.db")))
        .setting("database.migrate_at_start=true")
        .setting("lifecycle.drain_delay=0s")
        .start_with(arguments)
        .unwrap()
}

/// The event type, symbol ID, uid and request ID of an entry.
pub(crate) type Entry = (String, i64, String, Option<String>);

/// The history that a worker stores.
pub(crate) struct History(Database);

impl History {
    pub(crate) async fn in_directory(directory: &Path) -> Self {
        let url = format!("sqlite:{}", directory.join("worker.db").display());
        Self::open(&url).await
    }

    pub(crate) async fn open(url: &str) -> Self {
        let config = DatabaseConfig::from_url(url.parse().unwrap());
        Self(Database::builder("test", config).open().await.unwrap())
    }

    pub(crate) async fn entries(&self) -> Vec<Entry> {
        sql("SELECT kind, symbol_id, uid, request_id FROM symbol_history ORDER BY sequence")
            .fetch_all(&self.0)
            .await
            .unwrap()
    }

    /// Waits for a number of entries and returns them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Entry> {
        let start = Instant::now();
        loop {
            let entries = self.entries().await;
            if entries.len() >= count {
                return entries;
            }
            assert!(start.elapsed() < TIMEOUT, "not {count}: {entries:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for a number of entries and returns their symbol IDs in ascending order. Entries of
    /// different symbols have no order.
    pub(crate) async fn wait_for_symbols(&self, count: u32) -> Vec<i64> {
        let entries = self.wait_for(count.try_into().unwrap()).await;
        let mut symbols: Vec<_> = entries.iter().map(|(_, symbol, ..)| *symbol).collect();
        symbols.sort_unstable();
        symbols
    }
}

#[test]
fn worker_logs_request_id_and_trace_of_call_obs_6_obs_7_msg_8() {
    let service = SymbolsApp::start(&[]);
    let mut worker = start_worker(service.directory(), &[]);
    let headers = [
        ("content-type", "application/json"),
        ("x-request-id", REQUEST_ID),
        ("traceparent", TRACEPARENT),
    ];
    let created = request(service.http, "POST", "/v1/symbols", &headers, &symbol(7, 1)).unwrap();
    assert_eq!(created.status, 200, "{}", created.body);
    let line = worker.process.line("event stored").unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["request_id"], REQUEST_ID, "{line}");
    assert_eq!(line["trace_id"], TRACE_ID, "{line}");
    assert_eq!(line["kind"], "symbol.created", "{line}");
}

#[tokio::test]
async fn each_change_has_one_event_and_errors_have_none_msg_4() {
    let service = SymbolsApp::start(&[]);
    let worker = start_worker(service.directory(), &[]);
    let id = service.create(7, 1);
    let this = format!("/v1/symbols/{id}");
    assert_eq!(service.send("PUT", &this, &symbol(8, 2)).status, 200);
    // Failed calls publish nothing.
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
    let history = History::in_directory(service.directory()).await;
    let mut entries = history.wait_for(4).await;
    // Only events of the same symbol have an order, which this sort keeps.
    entries.sort_by_key(|(_, symbol, ..)| *symbol);
    let entries: Vec<_> = entries
        .iter()
        .map(|(kind, symbol, uid, _)| (kind.as_str(), *symbol, uid.as_str()))
        .collect();
    let [first, second, fourth] =
        [1, 2, 4].map(|number| format!("00000000-0000-4000-8000-{number:012}"));
    assert_eq!(
        entries,
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
async fn event_survives_kill_between_commit_and_relay_msg_4() {
    // The first process stores events and does not publish them.
    let service = SymbolsApp::start(&["--set", "outbox.relay.enabled=false"]);
    let worker = start_worker(service.directory(), &[]);
    for number in 1..=5 {
        service.create(7, number);
    }
    let history = History::in_directory(service.directory()).await;
    assert!(history.entries().await.is_empty());
    let service = service.restart();
    assert_eq!(history.wait_for_symbols(5).await, [1, 2, 3, 4, 5]);
    drop((service, worker));
}

#[tokio::test]
async fn killed_worker_stores_each_event_once_msg_5() {
    let service = SymbolsApp::start(&[]);
    let short_claims = ["--set", "broker.embedded.claim_ttl=1s"];
    let mut number = 0;
    for _ in 0..KILLS {
        let worker = start_worker(service.directory(), &short_claims);
        for _ in 0..SYMBOLS / KILLS {
            number += 1;
            service.create(7, number);
        }
        worker.kill().unwrap();
    }
    let worker = start_worker(service.directory(), &short_claims);
    let history = History::in_directory(service.directory()).await;
    let all: Vec<_> = (1..=i64::from(SYMBOLS)).collect();
    assert_eq!(history.wait_for_symbols(SYMBOLS).await, all);
    drop(worker);
}

#[test]
fn worker_has_probes_and_metrics_hlth_1_obs_4() {
    let service = SymbolsApp::start(&[]);
    let mut worker = start_worker(service.directory(), &[]);
    service.create(7, 1);
    worker.process.line("event stored").unwrap();
    for probe in ["/healthz", "/readyz"] {
        let answer = get(worker.admin, probe).unwrap();
        assert_eq!(answer.status, 200, "{probe}: {}", answer.body);
    }
    let metrics = get(worker.admin, "/metrics").unwrap().body;
    let line = "symbol_worker_messages_consumed_total{";
    assert!(metrics.contains(line), "{metrics}");
    let ended = worker.stop().unwrap();
    assert!(ended.status.success(), "{ended:#?}");
}

#[test]
fn commands_show_migrations_and_outbox_data_2_msg_4() {
    let service = SymbolsApp::start(&["--set", "outbox.relay.enabled=false"]);
    service.create(7, 1);
    let database = format!("database.url=sqlite:{}", service.database_path().display());
    let broker = format!(
        "broker.url=sqlite:{}",
        service.directory().join("broker.db").display()
    );
    let run = |command: &[&str]| {
        let arguments = [command, &["--set", &database, "--set", &broker]].concat();
        let program = Path::new(env!("CARGO_BIN_EXE_symbols"));
        let process = ServiceProcess::spawn(program, &arguments, &[]).unwrap();
        let ended = process.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:#?}");
        ended.stdout.join("\n")
    };
    let status = run(&["outbox", "status"]);
    assert!(status.starts_with("pending events: 1,"), "{status}");
    assert!(run(&["migrate", "status"]).contains("applied    1 symbols"));
    run(&["migrate", "verify"]);
}

#[test]
fn outbox_command_does_not_migrate_data_2() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let database = format!("database.url={}", empty.url());
    let arguments = [
        "--set",
        &database,
        "--set",
        "database.migrate_at_start=true",
    ];
    let arguments = [&["outbox", "status"][..], &arguments].concat();
    let program = Path::new(env!("CARGO_BIN_EXE_symbols"));
    let process = ServiceProcess::spawn(program, &arguments, &[]).unwrap();
    let ended = process.wait_with_output().unwrap();
    assert!(!ended.status.success(), "{ended:#?}");
    assert!(ended.stderr.contains("run `migrate up`"), "{ended:#?}");
}
