//! The program of the gateway.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_gateway::main()
}
