//! The program of the trainer-auth service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_trainer_auth::main()
}
