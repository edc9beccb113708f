//! End-to-end tests of City Events. Each folder is one suite:
//!
//! - `platform`: all services in the process of the test, on SQLite and the embedded broker.
//! - `distributed`: each service as a process, on PostgreSQL, Redis and RabbitMQ.
//! - `browser`: the pages in Chromium.
//! - `canaries`: secrets and personal data do not leak (OBS-3).
//!
//! `cargo test -p city-events --test e2e browser::` runs one suite.

#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by a panic"
)]

mod app;
mod browser;
mod canaries;
mod client;
mod compose;
mod consumer_groups;
mod distributed;
mod eventually;
mod flow;
mod legacy_variables;
mod logs;
mod machine;
mod pictures;
mod platform;
mod programs;
mod schemathesis;
mod traces;
