//! Tests of the programs as processes, with the clients of several languages.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod adoption;
mod app;
mod broker;
mod budget;
mod calls;
mod client;
mod compose;
mod contract;
mod deadline;
mod document;
mod edges;
mod errors;
mod grpc;
mod health;
mod http;
mod image;
mod malformed;
mod python;
mod reflection;
mod restart;
mod rolling_stop;
mod schemathesis;
mod tls;
mod worker;
