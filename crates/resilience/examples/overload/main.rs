//! Simulates overloads and prints what the shedder and the retry budget made of them, as
//! `docs/resilience-overload.md`.
//!
//! ```text
//! cargo run -p seaworthy-resilience --example overload > docs/resilience-overload.md
//! ```

mod retries;
mod station;
mod table;

#[expect(clippy::print_stdout, reason = "the table is what this command is for")]
fn main() {
    print!("{}", table::document());
}
