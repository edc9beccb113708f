//! Searches the logs of replicas and the output of commands for passwords, tokens, codes, addresses
//! and numbers.

use std::{
    process::Output,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::Signal;
use seaworthy_testkit::{
    log_search::assert_no_secret,
    process::{ProcessOutput, ServiceProcess},
    totp,
};

use crate::app::{PASSWORD, SECRETS};

/// Values that the tests use, in lower case. Addresses are without their masked parts.
const FORBIDDEN: [&str; 16] = [
    PASSWORD,
    "wrong4password",
    "countess@",
    "ada@example",
    "eve@example",
    "victim@example",
    "root@example",
    "442079460958",
    "7946 0958",
    "33612345678",
    "13800001234",
    "13800000000",
    "bearer ey",
    "x-api-key: sk",
    "lock-status/ada",
    "lock-status/bob",
];

/// Tokens and codes that services have issued in these tests.
static ISSUED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn issued() -> MutexGuard<'static, Vec<String>> {
    ISSUED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a token or a code to those that no log may contain, and returns it.
pub(crate) fn remembered(secret: &str) -> String {
    issued().push(secret.to_owned());
    secret.to_owned()
}

/// Returns a code of an authenticator application, which no log may contain.
pub(crate) fn code(secret: &str, later: u64) -> String {
    remembered(&totp::code(secret, later))
}

/// Kills a process, and asserts that its log contains no secret and no personal value.
#[track_caller]
pub(crate) fn end_with_clean_log(process: ServiceProcess) {
    process.signal(Signal::KILL).unwrap();
    assert_clean_log(&process.wait_with_output().unwrap());
}

/// Asserts that a log contains no secret and no personal value.
#[track_caller]
pub(crate) fn assert_clean_log(ended: &ProcessOutput) {
    let lines: Vec<_> = ended.stdout.iter().map(String::as_str).collect();
    let lines = [lines, ended.stderr.lines().collect()].concat();
    assert!(!lines.is_empty(), "the log is empty");
    assert_clean(lines);
}

/// Asserts that the output and the log of a command contain no secret and no personal value.
#[track_caller]
pub(crate) fn assert_clean_output(ran: &Output) {
    for text in [&ran.stdout, &ran.stderr] {
        assert_clean(String::from_utf8_lossy(text).lines());
    }
}

#[track_caller]
fn assert_clean<'l>(lines: impl IntoIterator<Item = &'l str>) {
    let settings = SECRETS.map(|secret| secret.split_once('=').unwrap().1);
    let issued = issued().clone();
    let issued = issued.iter().map(String::as_str);
    let secrets: Vec<_> = FORBIDDEN
        .into_iter()
        .chain(settings)
        .chain(issued)
        .collect();
    assert_no_secret(lines, &secrets);
}
