use std::{
    fs,
    io::{self, Read as _},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    ops::Range,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rand::RngExt as _;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::{reaper::reap, spawner};

/// The timeout of a start: three times that of the slowest of seven servers on two cores.
const TIMEOUT: Duration = Duration::from_secs(240);
/// The interval between two checks of a server that starts.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Number of bytes at the end of a log that an error shows, with the reason of a failed start.
const LOG_TAIL: usize = 2_000;

/// Ports outside of the ephemeral range, so that an outgoing connection cannot get the port of a
/// stopped server.
const PORTS: Range<u16> = 20_000..32_000;
/// UDP sockets with the same port numbers. They reserve the ports against other test binaries until
/// this process ends.
static TAKEN: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// Reserves a loopback port for this process, also while it has no listener.
///
/// # Errors
/// No port is free.
pub fn free_address() -> io::Result<SocketAddr> {
    let began = Instant::now();
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], rand::rng().random_range(PORTS)));
        let taken = UdpSocket::bind(address).and_then(|mark| {
            TcpListener::bind(address)?;
            Ok(mark)
        });
        match taken {
            Ok(mark) => {
                let mut all = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(mark);
                return Ok(address);
            }
            Err(error) if began.elapsed() > TIMEOUT => return Err(error),
            Err(_) => {}
        }
    }
}

/// Creates a directory that belongs to `user` if the test runs as root.
pub(super) fn folder(user: Option<&str>) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("seaworthy-").tempdir()?;
    reap(folder.path());
    if let Some(user) = user.filter(|_| geteuid().is_root()) {
        let (user, group) = identity(user)?;
        std::os::unix::fs::chown(folder.path(), Some(user), Some(group))?;
    }
    Ok(folder)
}

pub(super) fn identity(user: &str) -> io::Result<(u32, u32)> {
    let known = fs::read_to_string("/etc/passwd")?;
    known
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(user)).then_some(())?;
            let user = fields.nth(1)?.parse().ok()?;
            Some((user, fields.next()?.parse().ok()?))
        })
        .ok_or_else(|| io::Error::other(format!("there is no user {user}")))
}

/// Runs a command to its end. The error contains its output.
pub(super) fn finish(command: Command) -> io::Result<()> {
    output(command).map(drop)
}

/// Runs a command to its end and returns its standard output. The error contains its output.
pub(super) fn output(mut command: Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(format!(
        "{}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// Returns the name of the database in a URL without parameters.
pub(super) fn database_of(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// One process of a server.
#[derive(Debug, Default)]
pub(super) struct Process(Option<Child>);

impl Process {
    /// Starts the command with its output in `log`, and waits until `ready` returns true.
    pub(super) fn start(
        &mut self,
        mut command: Command,
        log: &Path,
        mut ready: impl FnMut() -> bool,
    ) -> io::Result<()> {
        self.kill();
        let output = fs::File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let mut child = spawner::start(command)?;
        let began = Instant::now();
        while !ready() {
            let ended = child.try_wait()?;
            if ended.is_some() || began.elapsed() > TIMEOUT {
                let _ = child.kill();
                let _ = child.wait();
                let state = ended.map_or_else(
                    || "is not ready".to_owned(),
                    |status| format!("ended: {status}"),
                );
                return Err(io::Error::other(format!(
                    "the server {state}\n{}",
                    end_of(log)
                )));
            }
            thread::sleep(POLL_INTERVAL);
        }
        self.0 = Some(child);
        Ok(())
    }

    /// Kills the server, like a crash.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Requests a stop, and waits until it has stopped.
    pub(super) fn stop(&mut self, signal: Signal) {
        self.signal(signal);
        if let Some(mut child) = self.0.take() {
            let _ = child.wait();
        }
    }

    /// Returns true if the process runs.
    pub(super) fn is_running(&mut self) -> bool {
        let child = self.0.as_mut();
        child.is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Returns the process ID of the running server.
    pub(super) fn id(&self) -> Option<u32> {
        self.0.as_ref().map(Child::id)
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(child) = &self.0 {
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Polls until the result is true.
pub(super) fn poll(what: &str, mut is_so: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let began = Instant::now();
    while !is_so()? {
        if began.elapsed() > TIMEOUT {
            return Err(io::Error::other(what.to_owned()));
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Returns whether the address has a listener.
pub(super) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

fn end_of(log: &Path) -> String {
    let mut text = String::new();
    let _ = fs::File::open(log).and_then(|mut file| file.read_to_string(&mut text));
    let from = text.len().saturating_sub(LOG_TAIL);
    let from = (from..text.len()).find(|at| text.is_char_boundary(*at));
    from.and_then(|from| text.get(from..))
        .unwrap_or_default()
        .to_owned()
}
