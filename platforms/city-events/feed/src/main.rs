//! The `city-events-feed` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events_feed::main()
}
