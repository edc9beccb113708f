//! Simulates a weekday of Tutoring with up to a million students, and prints
//! `docs/tutoring/scale.md`.
//!
//! ```text
//! cargo run -p tutoring --example scale > docs/tutoring/scale.md
//! ```

mod day;
mod inputs;
mod limits;
mod table;

#[expect(
    clippy::print_stdout,
    reason = "the page is the output of this command"
)]
fn main() {
    print!("{}", table::document());
}
