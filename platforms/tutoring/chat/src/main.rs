//! The program of the chat service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_chat::main()
}
