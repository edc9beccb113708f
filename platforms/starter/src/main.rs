//! The service program.

use std::process::ExitCode;

fn main() -> ExitCode {
    starter::main()
}
