use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    http::Answer,
    process::Ended,
};

/// The symbols service with a database of its own.
pub(crate) struct Running(TestApp);

impl Deref for Running {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut TestApp {
        &mut self.0
    }
}

impl Running {
    /// Starts the service with command line arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let app = TestApp::builder(Path::new(env!("CARGO_BIN_EXE_symbols"))).unwrap();
        let file = |name: &str| app.directory().join(name).display().to_string();
        let database = format!("database.url=sqlite:{}", file("symbols.db"));
        let broker = format!("broker.url=sqlite:{}", file("broker.db"));
        let app = app
            .setting("server.grpc.addr=127.0.0.1:0")
            // A test sends more requests than one client may.
            .setting("server.http.rate_limit.enabled=false")
            .setting("server.grpc.rate_limit.enabled=false")
            .setting(&database)
            .setting(&broker)
            // Other profiles than development migrate in a step of the deployment.
            .setting("database.migrate_at_start=true");
        Self::over(app, arguments)
    }

    /// Starts the service of a builder with more command line arguments.
    pub(crate) fn over(app: TestAppBuilder, arguments: &[&str]) -> Self {
        Self(app.start_with(arguments).unwrap())
    }

    /// Kills the process and starts another one with the same database.
    pub(crate) fn killed_and_started_again(self) -> Self {
        self.killed_and_started_again_with(&[])
    }

    /// Kills the process and starts another one with the same database and more arguments.
    pub(crate) fn killed_and_started_again_with(self, arguments: &[&str]) -> Self {
        Self::over(self.0.kill().unwrap(), arguments)
    }

    /// Waits for the end of the process.
    pub(crate) fn ended(self) -> Ended {
        self.0.wait().unwrap().0
    }

    /// Waits for the end of a process that was stopped, and returns the builder.
    pub(crate) fn ended_well(self) -> TestAppBuilder {
        let (ended, app) = self.0.wait().unwrap();
        assert!(ended.status.success(), "{ended:#?}");
        app
    }

    /// Returns the address of the gRPC listener.
    pub(crate) fn grpc(&self) -> SocketAddr {
        self.0.grpc().unwrap()
    }

    /// Returns the file of the database.
    pub(crate) fn store(&self) -> PathBuf {
        self.directory().join("symbols.db")
    }

    /// Sends JSON, or nothing if the text is empty.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        self.0.send(method, path, body).unwrap()
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
