//! The program of the notification service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_notification::main()
}
