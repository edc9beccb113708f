//! The service as the process that it is, asked by the clients that there are.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what the tests share is test code too; clippy only knows functions marked as tests"
)]

mod broker;
mod calls;
mod client;
mod contract;
mod deadline;
mod document;
mod durable;
mod edges;
mod errors;
mod grpc;
mod health;
mod http;
mod malformed;
mod python;
mod reflection;
mod rolling_stop;
mod running;
mod schemathesis;
mod tls;
mod worker;
