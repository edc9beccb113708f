//! A service as a process.

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

/// The timeout of each wait, longer than any step of a test takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The number of log lines that a failure shows. The log of a platform at level `debug` has
/// megabytes.
const MAX_SHOWN_LINES: usize = 20;

/// Returns the path of an example of the package under test, which Cargo built with the test.
///
/// # Panics
/// The test does not run from the folder of Cargo.
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

/// A running service with JSON logs. It is killed on drop.
#[derive(Debug)]
pub struct ServiceProcess {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: Receiver<String>,
    stderr_lines: Vec<String>,
    check: Option<fn(&ProcessOutput)>,
}

/// The result of a process.
#[derive(Debug)]
pub struct ProcessOutput {
    /// The exit status.
    pub status: ExitStatus,
    /// Time from the call of [`ServiceProcess::wait_with_output`] to the end.
    pub took: Duration,
    /// All lines of stdout.
    pub stdout: Vec<String>,
    /// All of stderr.
    pub stderr: String,
}

impl ServiceProcess {
    /// Starts `program` with free ports for the HTTP and admin listeners.
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
        Self::spawn(
            program,
            &[&["serve"][..], &free, arguments].concat(),
            environment,
        )
    }

    /// Starts `program` with exactly these arguments.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn spawn(
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
            stderr_lines: Vec::new(),
            check: None,
        })
    }

    /// Waits for the first line on stdout that contains `part`, including earlier lines.
    ///
    /// # Errors
    /// The process ends, or no line contains it within a minute.
    pub fn line(&mut self, part: &str) -> io::Result<String> {
        first(&self.lines, &mut self.seen, part)
    }

    /// Waits for the first line on stderr that contains `part`, including earlier lines.
    ///
    /// # Errors
    /// The process ends, or no line contains it within a minute.
    pub fn error_line(&mut self, part: &str) -> io::Result<String> {
        first(&self.stderr, &mut self.stderr_lines, part)
    }

    /// Returns the addresses of the HTTP and admin listeners.
    ///
    /// # Errors
    /// No log line contains them.
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

    /// Checks the whole output at the end of the process, also if it is killed on drop. The check
    /// panics if the output is wrong.
    pub fn check_output(&mut self, check: fn(&ProcessOutput)) {
        self.check = Some(check);
    }

    /// Returns the process ID.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// The process has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the process ID is not valid"))?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// The process does not end within a minute.
    pub fn wait_with_output(mut self) -> io::Result<ProcessOutput> {
        self.read_to_end()
    }

    /// Waits for the end, and checks the output.
    fn read_to_end(&mut self) -> io::Result<ProcessOutput> {
        let begun = Instant::now();
        // The pipes close when the process ends.
        while let Ok(line) = self.lines.recv_timeout(TIMEOUT) {
            self.seen.push(line);
        }
        while let Ok(line) = self.stderr.recv_timeout(TIMEOUT) {
            self.stderr_lines.push(line);
        }
        let status = self.child.wait()?;
        let output = ProcessOutput {
            status,
            took: begun.elapsed(),
            stdout: std::mem::take(&mut self.seen),
            stderr: self
                .stderr_lines
                .iter()
                .map(|line| format!("{line}\n"))
                .collect(),
        };
        if let Some(check) = self.check.take() {
            check(&output);
        }
        Ok(output)
    }
}

/// Returns the first line that contains `part`, of the earlier or the next lines.
fn first(lines: &Receiver<String>, seen: &mut Vec<String>, part: &str) -> io::Result<String> {
    if let Some(line) = seen.iter().find(|line| line.contains(part)) {
        return Ok(line.clone());
    }
    let end = Instant::now() + TIMEOUT;
    loop {
        let line = lines.recv_timeout(end.saturating_duration_since(Instant::now()));
        let line = line.map_err(|error| {
            let skipped = seen.len().saturating_sub(MAX_SHOWN_LINES);
            let last: Vec<_> = seen.iter().skip(skipped).collect();
            io::Error::other(format!(
                "no line with {part:?}: {error}; {} lines were read, the last are {last:#?}",
                seen.len()
            ))
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
        if self.check.is_some() && !thread::panicking() {
            let _ = self.read_to_end();
        }
    }
}
