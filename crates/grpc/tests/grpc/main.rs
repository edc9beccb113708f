//! gRPC servers and clients on real listeners.

mod access;
mod client;
mod overload;
