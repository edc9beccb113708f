//! Calls of other services (LIFE-6, OBS-7).
//!
//! A [`GrpcChannel`] is what a generated client calls through. It carries the request ID and the trace of the request that it is called for, and no call of it is
//! without a deadline: the nearest of the client's setting, the request's own and the one of the request that it is called for bounds the whole call, streams included.
//! It connects at its first call and again whenever the connection is lost. Policies of a dependency (retries, breakers) are layers around it.

mod body;
mod channel;
mod config;
mod error;

pub use channel::{GrpcCall, GrpcChannel};
pub use config::{GrpcClientConfig, GrpcClientTlsConfig};
pub use error::GrpcClientError;
