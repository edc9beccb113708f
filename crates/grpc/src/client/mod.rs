//! Calls of other services (LIFE-6, OBS-7, RES-1 to RES-5).
//!
//! Generated clients call through a [`GrpcChannel`]. It applies all policies of its dependency:
//! deadline, retry, bulkhead, circuit breaker, timeout. It sends the request ID and the trace of
//! the current request. It balances calls over all addresses of the name, with one HTTP/2
//! connection to each.
//!
//! - *Deadlines.* The nearest of the settings, the call's own `grpc-timeout` and the deadline of
//!   the current request limits the whole call, streams included. One attempt has a time limit
//!   until its response begins.
//! - *Retries* apply to methods with an `idempotency_level` ([`GrpcChannelBuilder::contract`]) and
//!   to calls with the extension `Idempotent`. They end when a response begins, which also commits
//!   a call in gRPC. They obey `grpc-retry-pushback-ms` and `RetryInfo`.
//! - *Balancing*: the module `balance` explains why it does not use tonic's.

mod balance;
mod body;
mod builder;
mod channel;
mod classify;
mod error;
mod factory;
mod idempotent;
mod observe;
mod pipelines;
mod propagation;
mod status_details;
mod target;
mod transport;

pub use builder::{GrpcChannelBuilder, GrpcClients};
pub use channel::{GrpcCall, GrpcChannel};
pub use error::GrpcClientError;
pub use idempotent::Idempotent;
pub use seaworthy_client::{Resolve, ResolveFuture};
pub use seaworthy_service::{BreakerScope, GrpcClientConfig, GrpcClientTlsConfig};
