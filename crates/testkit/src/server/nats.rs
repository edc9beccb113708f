//! A real NATS with JetStream.

use std::{fs, io, net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens},
    spawner::bound_command,
};

/// A running `nats-server` whose streams are on disk. Dropping this kills it.
#[derive(Debug)]
pub struct NatsServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    has_settings: bool,
    process: Process,
}

/// The configuration file of the server, in its folder.
const SETTINGS: &str = "nats.conf";

impl NatsServer {
    /// Starts the program, which `SEAWORTHY_TEST_NATS` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_with(program, "")
    }

    /// Starts the program as [`start`](Self::start) does, with these lines in its configuration
    /// file, such as users and their permissions.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(program: impl Into<PathBuf>, settings: &str) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(None)?,
            address: free_address()?,
            has_settings: !settings.is_empty(),
            process: Process::default(),
        };
        fs::write(server.folder.path().join(SETTINGS), settings)?;
        server.restart()?;
        Ok(server)
    }

    /// Starts it again with other lines in its configuration file.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn configure(&mut self, settings: &str) -> io::Result<()> {
        self.stop();
        self.has_settings = !settings.is_empty();
        fs::write(self.folder.path().join(SETTINGS), settings)?;
        self.restart()
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its address as a `nats://` URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Starts the server again at the same address, with its streams.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.program, None);
        command
            .args(["-a", "127.0.0.1", "-p", &self.address.port().to_string()])
            .args(["-js", "-sd"])
            .arg(self.folder.path());
        if self.has_settings {
            command.arg("-c").arg(self.folder.path().join(SETTINGS));
        }
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Stops the server gracefully. It stores all confirmed messages.
    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Makes the server accept connections and never respond, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}
