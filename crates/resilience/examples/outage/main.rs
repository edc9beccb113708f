//! Simulates outages and prints what the breaker made of them, as the table of
//! `docs/resilience-outage.md`.
//!
//! ```text
//! cargo run -p seaworthy-resilience --example outage > docs/resilience-outage.md
//! ```

mod scenario;
mod table;

#[expect(clippy::print_stdout, reason = "the table is what this command is for")]
fn main() {
    print!("{}", table::document());
}
