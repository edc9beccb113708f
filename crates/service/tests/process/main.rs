//! The kernel as its users meet it: a process that is started, asked, signalled and waited for.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

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
mod reload_policies;
mod settings;
mod test_tools;
mod traces;
mod workers;

use std::time::{Duration, Instant};

use seaworthy_testkit::process::{ServiceProcess, example};

/// Nothing that these tests wait for takes longer on the slowest machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A short drain, so that a stop without running work takes less than a second. A test is one
/// client, so it has no rate limit.
const SHORT: [&str; 4] = [
    "--set",
    "lifecycle.drain_delay=200ms",
    "--set",
    "server.http.rate_limit.enabled=false",
];

/// The trial, with these further arguments.
fn trial(arguments: &[&str]) -> ServiceProcess {
    ServiceProcess::start(&example("trial"), &[&SHORT[..], arguments].concat(), &[]).unwrap()
}

/// Polls until the result is true.
fn until(what: &str, mut answer: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !answer() {
        assert!(Instant::now() < end, "{what} has not come true");
        std::thread::yield_now();
    }
}
