//! `Idempotency-Key` on unsafe calls (API-6): the same answer for a repeat, a refusal for another request under the same key.
//!
//! The layer follows draft-ietf-httpapi-idempotency-key-header: a repeat while the first is running is 409 with `Retry-After`, another request
//! under a used key is 422. A request with a key runs to its end, or to [`IdempotencyConfig::run`], also when its client goes away: a client
//! that lost its connection and comes back is whom the header is for. An answer that says that nothing was done (400, 401, 405, 408, 413,
//! 415, 422, 425, 429) or that it failed (every 5xx) is not kept, so a repeat runs again and may be another request. A stream, or an answer
//! above [`IdempotencyConfig::answer_limit`], is passed on and not kept; its repeat is told so by a 409 and runs nothing.
//!
//! A key belongs to its caller: the tenant and the actor, or the `Authorization` where there is no actor yet, or where there is neither the cookies and the address, are part of it. Keys are known as long as their store
//! is: `DatabaseStore` of `seaworthy-data` (feature `idempotency`) keeps them in the database of the service, for all replicas and over a restart, `RedisStore` of `seaworthy-cache` in a Redis;
//! [`MemoryStore`] ends with its process. When they are full they forget the answers that end first.
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
#[cfg(test)]
mod hostile;
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
