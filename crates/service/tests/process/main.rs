//! The kernel in a process of its own: tests start it, send requests and signals, and wait for its
//! end.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod admin;
mod calls_out;
mod commands;
mod dependencies;
mod describe;
mod error_tracking;
mod ignored;
mod lifecycle;
mod metrics;
mod observability;
mod preflight;
mod rate_limits;
mod reload;
mod reload_policies;
mod settings;
mod starting;
mod test_tools;
mod traces;
mod workers;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use seaworthy_testkit::process::{ProcessOutput, ServiceProcess, example};

/// Timeout of each wait, long enough for the slowest machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A short drain, so that a stop without running work takes less than a second. A test is one
/// client, so it has no rate limit.
const SHORT: [&str; 4] = [
    "--set",
    "lifecycle.drain_delay=200ms",
    "--set",
    "server.http.rate_limit.enabled=false",
];

/// Starts the example `trial` with these further arguments.
fn trial(arguments: &[&str]) -> ServiceProcess {
    ServiceProcess::start(&example("trial"), &[&SHORT[..], arguments].concat(), &[]).unwrap()
}

/// Runs the example `trial` until it ends.
fn run(arguments: &[&str]) -> ProcessOutput {
    let process = ServiceProcess::spawn(&example("trial"), arguments, &[("LOG_LEVEL", "info")]);
    process.unwrap().wait_with_output().unwrap()
}

/// Creates a temporary folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Polls until the result is true.
fn until(what: &str, mut answer: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !answer() {
        assert!(Instant::now() < end, "{what} did not happen in time");
        std::thread::yield_now();
    }
}
