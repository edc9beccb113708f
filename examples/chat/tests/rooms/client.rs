use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use seaworthy_testkit::{hs256_token, requirement::required};
use serde_json::json;

use crate::app::SECRET;

/// Longer than any step takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client as a process, which sends messages until it is stopped.
pub(crate) struct StockClient {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    lines: Vec<String>,
}

fn token() -> String {
    hs256_token(SECRET, json!({ "sub": "ada" }))
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

pub(crate) fn javascript(url: &str, prefix: &str) -> Option<StockClient> {
    javascript_with(url, &token(), prefix)
}

pub(crate) fn javascript_with(url: &str, token: &str, prefix: &str) -> Option<StockClient> {
    let modules = required("SEAWORTHY_TEST_SOCKETIO_JAVASCRIPT")?;
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules);
    command.arg(scripts().join("client.js"));
    Some(StockClient::start(command.args([url, token, prefix])))
}

pub(crate) fn python(url: &str, prefix: &str) -> Option<StockClient> {
    let python = required("SEAWORTHY_TEST_SOCKETIO_PYTHON")?;
    let mut command = Command::new(python);
    command.arg(scripts().join("client.py"));
    Some(StockClient::start(command.args([url, &token(), prefix])))
}

/// The client for Java, where it is installed.
pub(crate) fn java(url: &str, prefix: &str) -> Option<StockClient> {
    let jars = std::env::var("SEAWORTHY_TEST_SOCKETIO_JAVA").ok()?;
    let mut command = Command::new("java");
    command.arg("-cp").arg(format!("{jars}/*"));
    command.arg(scripts().join("Client.java"));
    Some(StockClient::start(command.args([url, &token(), prefix])))
}

/// Returns the identifiers of the acknowledged messages.
pub(crate) fn acknowledged(lines: &[String]) -> Vec<String> {
    let ids = lines
        .iter()
        .filter_map(|line| line.strip_prefix("acknowledged "));
    ids.map(str::to_owned).collect()
}

impl StockClient {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, output) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            output,
            lines: Vec::new(),
        }
    }

    /// Waits for a line.
    pub(crate) fn wait(&mut self, wanted: &str) {
        self.wait_for(|line| line == wanted, wanted);
    }

    /// Waits for a line that begins with a text.
    pub(crate) fn wait_start(&mut self, start: &str) {
        self.wait_for(|line| line.starts_with(start), start);
    }

    /// Waits for a message of another client whose number is at least `number`.
    pub(crate) fn wait_message_after(&mut self, prefix: &str, number: usize) {
        let start = format!("said {prefix}-");
        let is_later = |line: &str| {
            let sent = line.strip_prefix(&start).and_then(|sent| sent.parse().ok());
            sent.is_some_and(|sent: usize| sent >= number)
        };
        self.wait_for(is_later, &start);
    }

    fn wait_for(&mut self, is_wanted: impl Fn(&str) -> bool, wanted: &str) {
        let end = Instant::now() + TIMEOUT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.output.recv_timeout(left);
            assert!(line.is_ok(), "no line {wanted:?} after {:?}", self.lines);
            let line = line.unwrap();
            let found = is_wanted(&line);
            self.lines.push(line);
            if found {
                return;
            }
        }
    }

    /// Reads all lines so far, and returns the identifiers of the acknowledged messages.
    pub(crate) fn acknowledged(&mut self) -> Vec<String> {
        self.lines.extend(self.output.try_iter());
        acknowledged(&self.lines)
    }

    /// Stops the client, and returns all of its lines.
    pub(crate) fn stop(&mut self) -> Vec<String> {
        self.input = None;
        self.wait_start("done");
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.lines)
    }
}

impl Drop for StockClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
