//! The program of the admin service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_admin::main()
}
