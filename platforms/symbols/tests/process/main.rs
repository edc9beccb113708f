//! The service as the process that it is, asked by the clients that there are.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what the tests share is test code too; clippy only knows functions marked as tests"
)]

mod contract;
mod document;
mod durable;
mod errors;
mod grpc;
mod health;
mod http;
mod python;
mod running;
mod schemathesis;
