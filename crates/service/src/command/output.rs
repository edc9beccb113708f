//! The output of commands. Logs belong to a running service and are separate.

use std::io::{self, Write as _};

use serde_json::Value;

use super::status;

/// Prints to stdout. A closed pipe is not an error of the command.
pub(crate) fn text(text: &str) -> u8 {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    status::SUCCESS
}

/// Prints one line to stdout.
pub(super) fn line(line: &str) -> u8 {
    text(&format!("{line}\n"))
}

/// Prints a document to stdout.
pub(super) fn json(document: &Value) -> u8 {
    line(&format!("{document:#}"))
}

/// Prints to stderr.
pub(crate) fn stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
