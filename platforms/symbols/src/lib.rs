//! Stores named, versioned blobs ("symbols") of projects over gRPC and HTTP, and publishes their
//! events.
//!
//! | Module | Contents |
//! | --- | --- |
//! | `contract` | Code generated from `contract/*.proto` |
//! | `domain` | Types without transport or store |
//! | `store` | SQL |
//! | `events` | Events of changes |
//! | `api` | Methods of the contract |
//! | `worker` | The worker, which stores the history of symbols |
//!
//! Run `cargo run --release --bin symbols` and open <http://127.0.0.1:8000/docs>.

mod api;
mod config;
mod contract;
mod domain;
mod environment;
mod events;
mod service;
mod store;
mod worker;

pub use service::serve;
pub use worker::work;
