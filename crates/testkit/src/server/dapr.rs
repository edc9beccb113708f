//! A real Dapr sidecar.

use std::{fs, io, net::SocketAddr, path::PathBuf};

use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address},
    spawner::bound_command,
};
use crate::http;

/// A running `daprd` without a control plane and without an application port. Dropping this kills
/// it.
#[derive(Debug)]
pub struct DaprServer {
    program: PathBuf,
    folder: TempDir,
    app: String,
    address: SocketAddr,
    http: SocketAddr,
    internal: SocketAddr,
    token: Option<String>,
    process: Process,
}

impl DaprServer {
    /// Starts the program, which `SEAWORTHY_TEST_DAPR` names, and waits until its components are
    /// loaded. `app` is the ID of the Dapr application. `resources` is a YAML file with components.
    ///
    /// # Errors
    /// It cannot be started, or is not ready in time.
    pub fn start(program: impl Into<PathBuf>, app: &str, resources: &str) -> io::Result<Self> {
        Self::start_with(program, app, resources, None)
    }

    /// Starts the program as [`start`](Self::start) does, with a token that its API requires.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(
        program: impl Into<PathBuf>,
        app: &str,
        resources: &str,
        token: Option<&str>,
    ) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(None)?,
            app: app.to_owned(),
            address: free_address()?,
            http: free_address()?,
            internal: free_address()?,
            token: token.map(str::to_owned),
            process: Process::default(),
        };
        let folder = server.folder.path().join("resources");
        fs::create_dir(&folder)?;
        fs::write(folder.join("components.yaml"), resources)?;
        server.restart()?;
        Ok(server)
    }

    /// Returns the address of its gRPC API.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request to its HTTP API, as another application does.
    ///
    /// # Errors
    /// It does not respond.
    pub fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<http::HttpResponse> {
        http::request(self.http, "POST", path, headers, body)
    }

    /// Starts the server again at the same address, with the same components.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.program, None);
        let port = |address: SocketAddr| address.port().to_string();
        command
            .args(["--app-id", &self.app])
            .args(["--dapr-grpc-port", &port(self.address)])
            .args(["--dapr-http-port", &port(self.http)])
            .args(["--dapr-internal-grpc-port", &port(self.internal)])
            .args(["--dapr-listen-addresses", "127.0.0.1"])
            .args(["--dapr-internal-grpc-listen-address", "127.0.0.1"])
            .args(["--enable-metrics=false", "--log-level", "warn"])
            .arg("--resources-path")
            .arg(self.folder.path().join("resources"));
        if let Some(token) = &self.token {
            command.env("DAPR_API_TOKEN", token);
        }
        let address = self.http;
        let is_ready = || {
            let path = "/v1.0/healthz/outbound";
            let response = http::request(address, "GET", path, &[], "");
            response.is_ok_and(|response| response.status == 204)
        };
        let log = self.folder.path().join("log");
        self.process.start(command, &log, is_ready)
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}
