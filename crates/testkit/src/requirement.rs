//! Tools and servers that a test needs. `./test` provides most of them by environment variables.

use std::{path::Path, process::Command};

use rustix::process::geteuid;

/// Returns the value of a variable such as `SEAWORTHY_TEST_PROMTOOL`. Without it the test
/// prints `SKIPPED`. With `CI=true` a missing variable is a failure.
///
/// # Panics
/// `CI` is `true` and the variable is not set. CI must run every test.
#[must_use]
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn required(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(value) => Some(value),
        Err(_) if must_run_every_test() => {
            panic!("{variable} is not set: run ./test, which provides it")
        }
        Err(_) => optional(variable),
    }
}

/// Returns the value of a variable for a tool that CI may not have either. Without it the test
/// prints `SKIPPED`.
#[must_use]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn optional(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        eprintln!("SKIPPED: {variable} is not set; ./test provides it");
    }
    value
}

/// Whether a program such as `go` is on the path. `argument`, such as `version`, makes it exit
/// immediately. Without the program the test prints `SKIPPED`. With `CI=true` it fails.
///
/// # Panics
/// `CI` is `true` and the program is missing. CI must run every test.
#[must_use]
pub fn has_program(program: &str, argument: &str) -> bool {
    let is_found = Command::new(program).arg(argument).output().is_ok();
    if !is_found {
        skip_without(program, must_run_every_test());
    }
    is_found
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn skip_without(program: &str, must_run: bool) {
    assert!(!must_run, "{program} is not on the path: install it");
    eprintln!("SKIPPED: {program} is not on the path");
}

/// Returns a command that runs a program as root, by `sudo` if this user is not root. If `sudo`
/// needs a password, the test prints `SKIPPED`. With `CI=true` it fails.
///
/// # Panics
/// `CI` is `true` and this user cannot become root. CI must run every test.
#[must_use]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub fn as_root(program: &Path) -> Option<Command> {
    if geteuid().is_root() {
        return Some(Command::new(program));
    }
    let sudo = || {
        let mut command = Command::new("sudo");
        command.arg("-n");
        command
    };
    let tried = sudo().arg("true").output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        assert!(
            !must_run_every_test(),
            "sudo is missing or needs a password"
        );
        eprintln!("SKIPPED: sudo is missing or needs a password");
        return None;
    }
    // sudo does not pass variables on.
    let variables = ["PATH", "XDG_CACHE_HOME"].into_iter();
    let variables =
        variables.filter_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let mut command = sudo();
    command.arg("env").args(variables).arg(program);
    Some(command)
}

/// Whether this is CI with all servers.
fn must_run_every_test() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
        && std::env::var_os("SEAWORTHY_TEST_QUICK").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_program_skips_the_test_outside_of_ci() {
        skip_without("no-such-program", false);
        assert!(has_program(env!("CARGO"), "--version"));
    }

    #[test]
    fn program_runs_as_root() {
        if let Some(mut command) = as_root(Path::new("id")) {
            let ended = command.arg("-u").output().unwrap();
            assert_eq!(ended.stdout, b"0\n", "{ended:?}");
        }
    }

    #[test]
    #[should_panic(expected = "no-such-program is not on the path")]
    fn missing_program_fails_the_test_in_ci() {
        skip_without("no-such-program", true);
    }
}
