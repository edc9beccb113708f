//! Workers of a service, by its admin listener.

use std::{
    io,
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::http::{get, request};

/// Maximum wait for a worker, longer than any step of a worker takes in a test.
const TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The report of a worker that this function needs.
struct Report {
    ended: u64,
    is_ready: bool,
}

/// Runs a worker of a service to its end. A worker that runs on one replica at a time first waits
/// for its lease.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] if the worker does not end within a minute, and other errors if the
/// service does not respond.
pub fn run(admin: SocketAddr, name: &str) -> io::Result<()> {
    let started = Instant::now();
    let wait_for = |holds: &dyn Fn(&Report) -> bool| loop {
        let report = report(admin, name)?;
        if holds(&report) {
            return Ok(report.ended);
        }
        if started.elapsed() > TIMEOUT {
            let message = format!("the worker {name} did not run");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        sleep(POLL_INTERVAL);
    };
    let before = wait_for(&|report| report.is_ready)?;
    let path = format!("/workers/{}/run", name.replace(' ', "%20"));
    let ran = request(admin, "POST", &path, &[("x-admin-request", "1")], "")?;
    if ran.status != 200 {
        return Err(io::Error::other(ran.body));
    }
    wait_for(&|report| report.is_ready && report.ended > before).map(drop)
}

fn report(admin: SocketAddr, name: &str) -> io::Result<Report> {
    let list: Value = serde_json::from_str(&get(admin, "/workers")?.body)?;
    let found = list.as_array().into_iter().flatten();
    let found = found.into_iter().find(|worker| worker["name"] == name);
    let found = found.ok_or_else(|| io::Error::other(format!("no worker is {name}")))?;
    let number = |member: &str| found[member].as_u64().unwrap_or_default();
    Ok(Report {
        ended: number("runs") + number("failures"),
        // A standby has no lease.
        is_ready: found["running"] == false && found["standby"] != true,
    })
}
