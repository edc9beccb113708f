//! The program of the service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_student::main()
}
