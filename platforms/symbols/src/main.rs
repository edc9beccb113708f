//! The service.

use std::process::ExitCode;

fn main() -> ExitCode {
    symbols::serve()
}
