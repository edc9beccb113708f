//! The program of the auth service.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_auth::main()
}
