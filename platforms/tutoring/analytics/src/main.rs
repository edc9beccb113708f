//! The program of the analytics service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_analytics::main()
}
