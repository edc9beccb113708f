//! The worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    symbols::work()
}
