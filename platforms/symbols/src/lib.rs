//! Symbols: named, versioned blobs that belong to a project, over gRPC and HTTP from one contract, and the events of them.
//!
//! `contract/` says what clients and consumers see, `src/domain/` what the words mean, `src/store/` where symbols are kept, `src/events/` what is told of them, and
//! `src/api/` brings that together. `src/worker/` is the other program: it takes the events and keeps the history of symbols. Both are thin programs over this crate,
//! so that what they must agree on stands once.
//!
//! `cargo run --release --bin symbols`, then look at <http://127.0.0.1:8000/docs>.

mod api;
mod config;
mod contract;
mod domain;
mod environment;
mod events;
mod metrics;
mod service;
mod store;
mod worker;

pub use service::serve;
pub use worker::work;
