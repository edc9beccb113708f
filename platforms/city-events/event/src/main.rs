//! The `city-events-event` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_event::main()
}
