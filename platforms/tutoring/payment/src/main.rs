//! The program of the payment service.

use std::process::ExitCode;

fn main() -> ExitCode {
    tutoring_payment::main()
}
