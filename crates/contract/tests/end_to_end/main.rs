//! One implementation, served by a real gRPC server and a real HTTP server on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what the tests share is test code too; clippy only knows functions marked as tests"
)]

mod around;
mod fuzz;
mod generated;
mod grpc;
mod hostile;
mod hostile_wire;
mod json;
mod library;
mod malformed;
mod memory;
mod routes;
mod server;
mod streams;
mod violations;
