//! Calls of other services (LIFE-6, OBS-7, RES-1 to RES-5).
//!
//! A [`GrpcChannel`] is what a generated client calls through. It passes all policies of its dependency (deadline, retry, bulkhead, breaker, timeout), carries the
//! request ID and the trace of the request that it is called for, and spreads its calls over all addresses of the name, one HTTP/2 connection to each.
//!
//! - *No call without an end.* The nearest of the settings, the request's own `grpc-timeout` and the deadline of the request that it is called for bounds the whole
//!   call, streams included; one attempt is bounded until its answer begins.
//! - *Retries* only of methods that their contract calls idempotent ([`GrpcChannelBuilder::contract`]) or of calls that are marked, and only until an answer has
//!   begun (which is where gRPC commits a call too). `grpc-retry-pushback-ms` and `RetryInfo` are obeyed.
//! - *Balancing* is our own: see the module `balance` for why.

mod balance;
mod body;
mod builder;
mod channel;
mod classify;
mod error;
mod observe;
mod pipelines;
mod propagation;
mod repeatable;
mod status_details;
mod target;
mod transport;

pub use builder::{GrpcChannelBuilder, GrpcClients};
pub use channel::{GrpcCall, GrpcChannel};
pub use error::GrpcClientError;
pub use repeatable::Repeatable;
pub use seaworthy_client::{Resolve, Resolving};
pub use seaworthy_service::{BreakerPer, GrpcClientConfig, GrpcClientTlsConfig};
