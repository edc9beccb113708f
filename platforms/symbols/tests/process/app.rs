use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    http::HttpResponse,
    process::ProcessOutput,
};

/// The symbols service with its own database and broker.
pub(crate) struct SymbolsApp(TestApp);

impl Deref for SymbolsApp {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.0
    }
}

impl DerefMut for SymbolsApp {
    fn deref_mut(&mut self) -> &mut TestApp {
        &mut self.0
    }
}

impl SymbolsApp {
    /// Starts the service with command line arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let app = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_symbols"))).unwrap();
        let file = |name: &str| app.directory().join(name).display().to_string();
        let database = format!("database.url=sqlite:{}", file("symbols.db"));
        let broker = format!("broker.url=sqlite:{}", file("broker.db"));
        let app = app
            .setting("server.grpc.addr=127.0.0.1:0")
            // Tests send more requests than the default limits allow.
            .setting("server.http.rate_limit.enabled=false")
            .setting("server.grpc.rate_limit.enabled=false")
            .setting(&database)
            .setting(&broker)
            // Only the development profile migrates by default.
            .setting("database.migrate_at_start=true");
        Self::start_builder(app, arguments)
    }

    /// Starts the service of a builder with additional arguments.
    pub(crate) fn start_builder(app: TestAppBuilder, arguments: &[&str]) -> Self {
        Self(app.start_with(arguments).unwrap())
    }

    /// Kills the process and starts a new one on the same database.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(&[])
    }

    /// Kills the process and starts a new one with additional arguments on the same database.
    pub(crate) fn restart_with(self, arguments: &[&str]) -> Self {
        Self::start_builder(self.0.kill().unwrap(), arguments)
    }

    /// Waits for the end of the process.
    pub(crate) fn wait_with_output(self) -> ProcessOutput {
        self.0.wait().unwrap().0
    }

    /// Waits for the success of a stopped process, and returns its builder.
    pub(crate) fn into_builder(self) -> TestAppBuilder {
        let (ended, app) = self.0.wait().unwrap();
        assert!(ended.status.success(), "{ended:#?}");
        app
    }

    /// Returns the address of the gRPC listener.
    pub(crate) fn grpc(&self) -> SocketAddr {
        self.0.grpc().unwrap()
    }

    /// Returns the path of the SQLite file.
    pub(crate) fn database_path(&self) -> PathBuf {
        self.directory().join("symbols.db")
    }

    /// Sends a request with a JSON body, or without a body if the text is empty.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> HttpResponse {
        self.0.send(method, path, body).unwrap()
    }

    /// Creates a symbol and returns its ID.
    pub(crate) fn create(&self, project: u64, number: u32) -> String {
        let answer = self.send("POST", "/v1/symbols", &symbol(project, number));
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        answer["symbol"]["id"].as_str().unwrap().to_owned()
    }
}

/// Returns the body of a create request. The number makes the uid unique.
pub(crate) fn symbol(project: u64, number: u32) -> String {
    format!(
        r#"{{"projectId":"{project}","uid":"00000000-0000-4000-8000-{number:012}","label":"Hero","className":"c-hero","componentTarget":"page","version":1,"data":"AP8Q"}}"#
    )
}
