//! A real Redis for a test: on a free port, in a directory of its own, without persistence.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// A Redis that has not opened its port by then will not.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `redis-server`. It is killed when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    address: SocketAddr,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts the program, which `SEAWORTHY_TEST_REDIS_SERVER` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut server = Self {
            program: program.into(),
            address,
            child: None,
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

    /// Starts it again at the same address, empty.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let child = Command::new(&self.program)
            .args(["--port", &self.address.port().to_string()])
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.child = Some(child);
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other("redis-server does not listen"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Lets it accept and never answer, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
