//! Who may call a method of a contract is what the contract declares, whichever way a caller takes to it (AUTH-5).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod any_path;
mod app;
mod matrix;
mod options;
mod orders;
mod reflection;
