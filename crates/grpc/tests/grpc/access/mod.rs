//! The contract declares who may call a method, on every path that leads to it (AUTH-5).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test cannot unwrap has failed it"
)]

mod any_path;
mod app;
mod around;
mod matrix;
mod options;
mod orders;
mod reflection;
