//! One implementation behind a real gRPC server and a real HTTP server on loopback.

mod fuzz;
mod generated;
mod grpc;
mod json;
mod library;
mod routes;
mod server;
mod streams;
mod violations;
