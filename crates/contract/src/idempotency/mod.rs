//! `Idempotency-Key` on unsafe calls (API-6): the same answer for a repeat, a refusal for another request under the same key.
//!
//! The layer follows draft-ietf-httpapi-idempotency-key-header: a repeat while the first is running is 409 with `Retry-After`, another request
//! under a used key is 422. A request with a key runs to its end, or to [`IdempotencyConfig::run`], also when its client goes away: a client
//! that lost its connection and comes back is whom the header is for.
//!
//! A repeat runs again only where the first request is known to have changed nothing:
//!
//! | The first request | Its repeat |
//! | --- | --- |
//! | was answered | gets the same answer, with `Idempotency-Replayed: true` |
//! | is running | 409 `IDEMPOTENCY_KEY_IN_USE`, `Retry-After: 1` |
//! | was refused: 400, 401, 405, 408, 413, 415, 422, 425, 429 | runs |
//! | failed with 501 or 503, no change reported | runs |
//! | failed with another 5xx, panicked, or did not end within `run` | 409 `IDEMPOTENT_OUTCOME_UNKNOWN` |
//! | failed after a change that may have been made | 409 `IDEMPOTENT_OUTCOME_UNKNOWN` |
//! | failed after a change that was made | 409 `IDEMPOTENT_ANSWER_NOT_KEPT` |
//! | had a stream, or an answer above [`IdempotencyConfig::answer_limit`] | 409 `IDEMPOTENT_ANSWER_NOT_KEPT` |
//!
//! The last four of these 409s have no `Retry-After`: another try under the same key gets the same refusal until [`IdempotencyConfig::keep`] has passed. The client reads the
//! present state, and sends the request again under a new key where it did not take effect.
//!
//! Changes are reported through [`Effects`](seaworthy_core::effects::Effects), which databases of `seaworthy-data` do for each commit. `DatabaseStore` of `seaworthy-data`
//! knows more: each transaction of its database that a call commits records the effect under the key, in the same transaction. So a commit whose outcome is unknown, a panic,
//! a timeout and the death of the process are resolved by the database, and a repeat runs exactly where nothing was committed.
//!
//! A key belongs to its caller: the tenant and the actor, or the `Authorization` where there is no actor yet, or where there is neither the cookies and the address, are part of it. Keys are known as long as their store
//! is: `DatabaseStore` (feature `idempotency`) keeps them in the database of the service, for all replicas and over a restart, `RedisStore` of `seaworthy-cache` in a Redis;
//! [`MemoryStore`] ends with its process. When they are full, the caller with the largest share loses the answers that end first. The share belongs to the actor, or to the
//! client address (for IPv6 its /64) of a caller who is not authenticated.
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
//!     .layer(IdempotencyLayer::new(config, store, |call| drop(tokio::spawn(call))));
//! ```

mod config;
pub mod conformance;
mod layer;
mod memory;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use config::IdempotencyConfig;
pub use layer::{IdempotencyLayer, IdempotencyService};
pub use memory::MemoryStore;
pub use store::{
    Begun, Ending, Fingerprint, IdempotencyStore, RecordedAnswer, ScopedKey, StoreFuture, Times,
};
