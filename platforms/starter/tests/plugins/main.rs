//! Plugins of the program.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod acceptance;
mod alerts;
mod calls;
mod commands;
mod facts;
mod folder;
mod guard;
mod guide;
mod logs;
mod modules;
mod operator;
mod points;
mod samples;

const PROGRAM: &str = env!("CARGO_BIN_EXE_starter");
