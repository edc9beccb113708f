//! The rendered files, checked by the tools that read them.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod audited;
mod committed;
mod folder;
mod mutations;
mod prometheus;
mod sample;
