//! The program of the booking service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_booking::main()
}
