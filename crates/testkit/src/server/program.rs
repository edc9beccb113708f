//! A service as a server that a test kills and restarts at the same addresses.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, folder},
    spawner::bound_command,
};
use crate::http;

/// A service that runs as a separate process with settings from its environment. Dropping this
/// kills it.
#[derive(Debug)]
pub struct ProgramServer {
    program: PathBuf,
    environment: Vec<(String, String)>,
    operators: SocketAddr,
    folder: TempDir,
    process: Process,
}

impl ProgramServer {
    /// Creates a server without starting it. `operators` is the address of its admin listener,
    /// whose probes show when it is ready.
    ///
    /// # Errors
    /// The program does not exist, or its folder cannot be created.
    pub fn new(
        program: impl Into<PathBuf>,
        environment: Vec<(String, String)>,
        operators: SocketAddr,
    ) -> io::Result<Self> {
        let program = program.into();
        if !program.is_file() {
            let missing = program.display();
            return Err(io::Error::other(format!("{missing} is not built")));
        }
        Ok(Self {
            program,
            environment,
            operators,
            folder: folder(None)?,
            process: Process::default(),
        })
    }

    /// Starts it, or starts it again, and waits until it is ready.
    ///
    /// # Errors
    /// It ends, or is not ready in time. The error contains the end of its output.
    pub fn start(&mut self) -> io::Result<()> {
        let operators = self.operators;
        self.start_until(|| is_ready(operators))
    }

    /// Starts it without waiting until it is ready.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(&mut self) -> io::Result<()> {
        self.start_until(|| true)
    }

    fn start_until(&mut self, ready: impl FnMut() -> bool) -> io::Result<()> {
        let mut command = bound_command(&self.program, None);
        command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path());
        let log = self.folder.path().join("log");
        self.process.start(command, &log, ready)
    }

    /// Returns true if the server reports that it is ready.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        is_ready(self.operators)
    }

    /// Returns true if the process runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Returns the process ID, or `None` if it does not run.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Returns its working directory, where it looks for the folder `config`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Requests a stop, and waits until it has stopped.
    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// Requests a stop, and does not wait.
    pub fn request_stop(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Returns its output since the first start.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.folder.path().join("log"))
    }
}

fn is_ready(operators: SocketAddr) -> bool {
    http::get(operators, "/readyz").is_ok_and(|response| response.status == 200)
}
