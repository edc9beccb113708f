//! Tools and servers that a test needs and that `./test` provides by environment variables.

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
        Err(_)
            if std::env::var("CI").is_ok_and(|value| value == "true")
                && std::env::var_os("SEAWORTHY_TEST_QUICK").is_none() =>
        {
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
