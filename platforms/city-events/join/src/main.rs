//! The program `city-events-join`.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_join::main()
}
