//! No log of any replica in these tests has a password, a token, a code, an address or a number.

use std::sync::Mutex;

use rustix::process::Signal;
use seaworthy_testkit::{
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
/// Shorter texts are codes, which numbers in a log may contain.
const MIN_TOKEN: usize = 12;

/// Tokens and codes that services have issued in these tests.
static ISSUED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Adds a token or a code to those that no log may contain, and returns it.
pub(crate) fn remembered(secret: &str) -> String {
    ISSUED.lock().unwrap().push(secret.to_lowercase());
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
    assert!(ended.stdout.len() > 1, "the log was captured");
    let settings = SECRETS.map(|secret| secret.split_once('=').unwrap().1.to_lowercase());
    let issued = ISSUED.lock().unwrap();
    for line in ended
        .stdout
        .iter()
        .map(String::as_str)
        .chain(ended.stderr.lines())
    {
        let text = line.to_lowercase();
        let forbidden = FORBIDDEN.iter().copied();
        let forbidden = forbidden.chain(settings.iter().map(String::as_str));
        let found = forbidden.chain(issued.iter().map(String::as_str));
        for secret in found {
            assert!(!is_in(&text, secret), "{secret:?} is in the log: {line}");
        }
    }
}

fn is_in(text: &str, secret: &str) -> bool {
    if secret.len() >= MIN_TOKEN || secret.contains('@') {
        return text.contains(secret);
    }
    text.match_indices(secret).any(|(at, _)| {
        let is_part = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
        };
        let (before, after) = (&text[..at], &text[at + secret.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

#[test]
fn search_of_logs_finds_codes_and_not_numbers_obs_3() {
    assert!(is_in(r#"{"code":"123456"}"#, "123456"));
    assert!(is_in("code=123456 ", "123456"));
    assert!(!is_in("0.123456s 9123456 1234567", "123456"));
    assert!(is_in("xwonderful4weatherx", PASSWORD));
}
