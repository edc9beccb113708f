//! `Idempotency-Key` on unsafe calls (API-6): the same answer for a repeat, a refusal for another request under the same key.
//!
//! The layer follows draft-ietf-httpapi-idempotency-key-header: a repeat while the first is running is a conflict, another request under a
//! used key is a conflict too (the draft says 422; here `Code::Conflict`, 409, is what the catalogue promises). An answer that says "try again" (429
//! and every 5xx) is not kept, so a repeat tries again. The embedded store is for one process; replicas need one that they share.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{Router, routing::post};
//! use seaworthy_contract::idempotency::{IdempotencyConfig, IdempotencyLayer, MemoryStore};
//!
//! let config = IdempotencyConfig::default();
//! let store = Arc::new(MemoryStore::new(&config));
//! let router: Router = Router::new()
//!     .route("/orders", post(|| async { "made" }))
//!     .layer(IdempotencyLayer::new(config, store));
//! ```

mod config;
mod layer;
mod memory;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use config::IdempotencyConfig;
pub use layer::{IdempotencyLayer, IdempotencyService};
pub use memory::MemoryStore;
pub use store::{Begun, Fingerprint, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture};
