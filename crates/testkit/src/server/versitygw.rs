//! A real server with the S3 API: versitygw over a directory.

use std::{fs, io, net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens},
    spawner::bound_command,
};

/// A running `versitygw` with its objects on disk. Dropping this kills it.
#[derive(Debug)]
pub struct S3Server {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    process: Process,
}

impl S3Server {
    /// The identifier of the access key.
    pub const ACCESS_KEY: &str = "seaworthy-access";
    /// The secret part of the access key.
    pub const SECRET_KEY: &str = "seaworthy-secret";

    /// Starts the program, which `SEAWORTHY_TEST_VERSITYGW` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(None)?,
            address: free_address()?,
            process: Process::default(),
        };
        fs::create_dir(server.folder.path().join("buckets"))?;
        server.restart()?;
        Ok(server)
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// The directory of the bucket cannot be created.
    pub fn bucket(&self, name: &str) -> io::Result<()> {
        fs::create_dir(self.bucket_folder(name))
    }

    /// Returns the directory of a bucket. Parts of unfinished uploads are below `.sgwtmp`.
    #[must_use]
    pub fn bucket_folder(&self, name: &str) -> PathBuf {
        self.folder.path().join("buckets").join(name)
    }

    /// Starts the server again at the same address, with its objects.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.program, None);
        command
            .env("ROOT_ACCESS_KEY", Self::ACCESS_KEY)
            .env("ROOT_SECRET_KEY", Self::SECRET_KEY)
            .args(["--port", &self.address.to_string(), "posix"])
            .arg(self.folder.path().join("buckets"));
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
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
