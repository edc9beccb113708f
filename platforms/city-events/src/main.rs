//! The platform.

use std::process::ExitCode;

fn main() -> ExitCode {
    city_events::run()
}
