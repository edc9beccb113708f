//! Searches the logs of services and the output of commands for secrets and personal values.

use std::{
    process::Output,
    sync::{Mutex, PoisonError},
};

use seaworthy_testkit::{log_search::assert_no_secret, process::ProcessOutput};

use crate::folder::SECRETS;

/// Values that the tests use.
const FORBIDDEN: [&str; 4] = [
    "wonderful4weather",
    "countess@example",
    "13800001234",
    "bearer ey",
];

/// Tokens and keys that services have issued in these tests.
static ISSUED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Adds a secret to those that no log may contain.
pub(crate) fn remember(secret: &str) {
    let mut issued = ISSUED.lock().unwrap_or_else(PoisonError::into_inner);
    issued.push(secret.to_owned());
}

/// Asserts that the log of a service contains no secret and no personal value.
#[track_caller]
pub(crate) fn assert_clean_log(ended: &ProcessOutput) {
    let lines: Vec<_> = ended.stdout.iter().map(String::as_str).collect();
    let lines = [lines, ended.stderr.lines().collect()].concat();
    assert!(!lines.is_empty(), "the log is empty");
    assert_clean(lines);
}

/// Asserts that the output of a command contains no secret and no personal value.
#[track_caller]
pub(crate) fn assert_clean_output(ran: &Output) {
    for text in [&ran.stdout, &ran.stderr] {
        assert_clean(String::from_utf8_lossy(text).lines());
    }
}

#[track_caller]
fn assert_clean<'l>(lines: impl IntoIterator<Item = &'l str>) {
    let settings = SECRETS.map(|secret| secret.split_once('=').unwrap().1);
    let issued = ISSUED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let issued = issued.iter().map(String::as_str);
    let secrets: Vec<_> = FORBIDDEN
        .into_iter()
        .chain(settings)
        .chain(issued)
        .collect();
    assert_no_secret(lines, &secrets);
}
