//! A real Redis.

use std::{io, net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    keeper::kept,
    process::{Process, folder, free_address, listens},
};

/// A running `redis-server` without persistence. It is killed when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    settings: Vec<String>,
    process: Process,
}

impl RedisServer {
    /// Starts the program, which `SEAWORTHY_TEST_REDIS_SERVER` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_with(program, &["--save", "", "--appendonly", "no"])
    }

    /// Starts one with these arguments, such as `--appendonly yes`.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(program: impl Into<PathBuf>, settings: &[&str]) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(None)?,
            address: free_address()?,
            settings: settings
                .iter()
                .map(|setting| (*setting).to_owned())
                .collect(),
            process: Process::default(),
        };
        server.restart()?;
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a `redis://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// Starts it again at the same address, with what it has kept on disk.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = kept(&self.program, None);
        command
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", "127.0.0.1"])
            .args(&self.settings)
            .current_dir(self.folder.path());
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Lets it accept and never answer, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}
