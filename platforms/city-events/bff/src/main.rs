//! The program of the gateway.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_bff::main()
}
