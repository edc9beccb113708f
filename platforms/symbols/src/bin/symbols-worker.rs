//! The worker program.

use std::process::ExitCode;

fn main() -> ExitCode {
    symbols::work()
}
