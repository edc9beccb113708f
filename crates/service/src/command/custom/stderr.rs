use std::io::{self, IsTerminal as _, Write as _};

use seaworthy_telemetry::logs::LineSink;

/// Writes every line to stderr immediately, because a command logs little.
#[derive(Debug)]
pub(in crate::command) struct Stderr;

impl LineSink for Stderr {
    fn write_line(&self, line: &[u8]) {
        let _ = io::stderr().lock().write_all(line);
    }

    fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }
}
