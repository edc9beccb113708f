//! OBS-3 over the whole platform: what is planted in its inputs is looked for in everything that it tells.
//!
//! A canary is a word that stands nowhere else. Passwords, tokens and keys must be told nowhere; what is of a person (addresses, names) in no line, span, metric or page for operators. Each run
//! also finds its canaries where they belong, so that it cannot pass because it looked at nothing.

#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod caller;
mod canary;
mod collector;
mod commands;
mod house;
mod operators;
#[path = "../distributed/programs.rs"]
mod programs;
mod promises;
mod settings;
mod smtp;
mod visit;
