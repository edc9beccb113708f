//! The program of the service.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_media_worker::main()
}
