//! The program that starts all services.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring::run()
}
