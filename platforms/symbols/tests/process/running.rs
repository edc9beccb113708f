use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use seaworthy_testkit::{
    http::{Answer, request},
    process::ServiceProcess,
};
use tempfile::TempDir;

/// The service, with a store of its own.
pub(crate) struct Running {
    pub(crate) process: ServiceProcess,
    pub(crate) http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) grpc: SocketAddr,
    store: TempDir,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), arguments)
    }

    /// Ends the process at once, as a machine that fails does, and starts another over the same store.
    pub(crate) fn killed_and_started_again(self) -> Self {
        self.killed_and_started_again_with(&[])
    }

    /// The same with other arguments.
    pub(crate) fn killed_and_started_again_with(self, arguments: &[&str]) -> Self {
        let Self { process, store, .. } = self;
        process.signal(Signal::KILL).unwrap();
        process.ended().unwrap();
        Self::over(store, arguments)
    }

    /// Waits for the end of a process that was asked to stop; its store stays.
    pub(crate) fn ended_well(self) -> TempDir {
        let Self { process, store, .. } = self;
        let ended = process.ended().unwrap();
        assert!(ended.status.success(), "{ended:#?}");
        store
    }

    pub(crate) fn over(store: TempDir, arguments: &[&str]) -> Self {
        let file = |name: &str| store.path().join(name).display().to_string();
        let database = format!("database.url=sqlite:{}", file("symbols.db"));
        let broker = format!("broker.url=sqlite:{}", file("broker.db"));
        // One test is one client, and asks more than one client may.
        let own = [
            "--set",
            "server.grpc.addr=127.0.0.1:0",
            "--set",
            "server.http.rate_limit.enabled=false",
            "--set",
            "server.grpc.rate_limit.enabled=false",
            "--set",
            &database,
            "--set",
            &broker,
            // Elsewhere than in development it is a step of the deployment.
            "--set",
            "database.migrate_at_start=true",
        ];
        let program = Path::new(env!("CARGO_BIN_EXE_symbols"));
        let mut process =
            ServiceProcess::start(program, &[&own[..], arguments].concat(), &[]).unwrap();
        let ready = process.line("\"message\":\"ready\"").unwrap();
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let address = |name: &str| ready[name].as_str().unwrap().parse().unwrap();
        Self {
            http: address("http"),
            admin: address("admin"),
            grpc: address("grpc"),
            process,
            store,
        }
    }

    /// The folder of everything that it keeps.
    pub(crate) fn folder(&self) -> &Path {
        self.store.path()
    }

    /// The file of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.store.path().join("symbols.db")
    }

    /// Sends JSON, or nothing where the text is empty.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers: &[_] = if body.is_empty() {
            &[]
        } else {
            &[("content-type", "application/json")]
        };
        request(self.http, method, path, headers, body).unwrap()
    }

    /// Creates the symbol of this number in a project, and returns its id.
    pub(crate) fn create(&self, project: u64, number: u32) -> String {
        let answer = self.send("POST", "/v1/symbols", &symbol(project, number));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        answer["symbol"]["id"].as_str().unwrap().to_owned()
    }
}

/// What creates a symbol.
pub(crate) fn symbol(project: u64, number: u32) -> String {
    format!(
        r#"{{"projectId":"{project}","uid":"00000000-0000-4000-8000-{number:012}","label":"Hero","className":"c-hero","componentTarget":"page","version":1,"data":"AP8Q"}}"#
    )
}
