//! A service as a process of its own, as an orchestrator sees it: started, asked, told to stop, waited for.

use std::{
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// Nothing that a test waits for takes longer on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The example `name` of the package under test, which Cargo has built beside the test.
///
/// # Panics
/// When the test does not run from where Cargo puts tests.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let profile = test
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .unwrap_or_default();
    profile.join("examples").join(name)
}

/// A running service that writes its log as JSON. It is killed when this is dropped.
#[derive(Debug)]
pub struct ServiceProcess {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: Receiver<String>,
    complained: Vec<String>,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// How long the end was waited for.
    pub took: Duration,
    /// All lines of stdout.
    pub stdout: Vec<String>,
    /// All of stderr.
    pub stderr: String,
}

impl ServiceProcess {
    /// Starts `program`. Both listeners take a port that is free.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> io::Result<Self> {
        let free = [
            "--set",
            "server.http.addr=127.0.0.1:0",
            "--set",
            "admin.addr=127.0.0.1:0",
            "--set",
            "log.format=json",
        ];
        Self::start_as_is(
            program,
            &[&["serve"][..], &free, arguments].concat(),
            environment,
        )
    }

    /// Starts `program` with exactly these arguments.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start_as_is(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                BufReader::new(stdout)
                    .lines()
                    .map_while(Result::ok)
                    .all(|line| sender.send(line).is_ok())
            });
        }
        let (sender, stderr) = mpsc::channel();
        if let Some(pipe) = child.stderr.take() {
            thread::spawn(move || {
                BufReader::new(pipe)
                    .lines()
                    .map_while(Result::ok)
                    .all(|line| sender.send(line).is_ok())
            });
        }
        Ok(Self {
            child,
            lines,
            seen: Vec::new(),
            stderr,
            complained: Vec::new(),
        })
    }

    /// The first line, seen already or yet to come, that holds `part`.
    ///
    /// # Errors
    /// The process ends or a minute passes without one.
    pub fn line(&mut self, part: &str) -> io::Result<String> {
        first(&self.lines, &mut self.seen, part)
    }

    /// The first line on stderr, seen already or yet to come, that holds `part`.
    ///
    /// # Errors
    /// The process ends or a minute passes without one.
    pub fn error_line(&mut self, part: &str) -> io::Result<String> {
        first(&self.stderr, &mut self.complained, part)
    }

    /// Where it listens: the public listener, and the one for operators.
    ///
    /// # Errors
    /// It says so in no line.
    pub fn addresses(&mut self) -> io::Result<(SocketAddr, SocketAddr)> {
        let line = self.line("\"message\":\"alive\"")?;
        let address = |name: &str| {
            let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
            rest.split('"').next()?.parse().ok()
        };
        address("http")
            .zip(address("admin"))
            .ok_or_else(|| io::Error::other(format!("no addresses in {line}")))
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// The process is gone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the process has no number"))?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// A minute passes without one.
    pub fn ended(mut self) -> io::Result<Ended> {
        let begun = Instant::now();
        // The pipes close when the process ends, whoever still has lines to read.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        while let Ok(line) = self.stderr.recv_timeout(PATIENCE) {
            self.complained.push(line);
        }
        let status = self.child.wait()?;
        Ok(Ended {
            status,
            took: begun.elapsed(),
            stdout: std::mem::take(&mut self.seen),
            stderr: self
                .complained
                .iter()
                .map(|line| format!("{line}\n"))
                .collect(),
        })
    }
}

/// The first line that holds `part`, of those seen or of those to come.
fn first(lines: &Receiver<String>, seen: &mut Vec<String>, part: &str) -> io::Result<String> {
    if let Some(line) = seen.iter().find(|line| line.contains(part)) {
        return Ok(line.clone());
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let line = lines.recv_timeout(end.saturating_duration_since(Instant::now()));
        let line = line.map_err(|error| {
            io::Error::other(format!("no line with {part:?}: {error}; seen: {seen:#?}"))
        })?;
        seen.push(line.clone());
        if line.contains(part) {
            return Ok(line);
        }
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
