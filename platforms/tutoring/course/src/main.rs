//! The program of the course service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_course::main()
}
