//! `Idempotency-Key` on unsafe calls (API-6): a repeat gets the same response, and another request
//! under the same key is rejected.
//!
//! The layer follows draft-ietf-httpapi-idempotency-key-header. A request with a key runs to its
//! end, or to [`IdempotencyConfig::timeout`], even if its client disconnects: such clients repeat
//! the request.
//!
//! A repeat runs only if the first request is known to have changed nothing:
//!
//! | The first request | Its repeat |
//! | --- | --- |
//! | got a response | gets the same response, with `Idempotency-Replayed: true` |
//! | is running | 409 `IDEMPOTENCY_KEY_IN_USE`, `Retry-After: 1` |
//! | was rejected: 400, 401, 405, 408, 413, 415, 422, 425, 429 | runs |
//! | failed with 501 or 503, and reported no change | runs |
//! | failed with another 5xx, panicked, or exceeded `timeout` | 409 `IDEMPOTENT_OUTCOME_UNKNOWN` |
//! | failed after a change that may have been made | 409 `IDEMPOTENT_OUTCOME_UNKNOWN` |
//! | failed after a change that was made | 409 `IDEMPOTENT_RESPONSE_NOT_STORED` |
//! | had a stream, or a response above `max_response_size` | 409 `IDEMPOTENT_RESPONSE_NOT_STORED` |
//!
//! The last four have no `Retry-After`: another attempt with the same key gets the same rejection
//! until [`IdempotencyConfig::ttl`] has passed. The client reads the current state. If the request
//! did not take effect, the client sends it again under a new key.
//!
//! Changes are reported through [`Effects`](seaworthy_core::effects::Effects). Databases of
//! `seaworthy-data` do so for each commit. With `DatabaseStore` of `seaworthy-data`, each
//! transaction of its database that a call commits also records the change under the key. The
//! database then resolves unknown commits, panics, timeouts and a crash of the process: a repeat
//! runs only if nothing was committed.
//!
//! A key belongs to its caller: the tenant and the actor, else the `Authorization`, else the
//! cookies and the address. `DatabaseStore` (feature `idempotency`) stores keys in the database of
//! the service, for all replicas and across restarts. `RedisStore` of `seaworthy-cache` stores them
//! in Redis. [`MemoryStore`] loses them at the end of its process. When a bounded store is full,
//! the caller with the largest share loses the responses that expire first. A share belongs to the
//! actor, or to the address of an anonymous caller (the /64 for IPv6).
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
mod observer;
mod rejections;
mod request;
mod store;
#[cfg(test)]
mod tests;

pub use config::IdempotencyConfig;
pub use layer::{IdempotencyLayer, IdempotencyService};
pub use memory::MemoryStore;
pub use observer::{KeyedCallObserver, ObserveKeyedCall, Replayed};
pub use store::{
    CallOutcome, Fingerprint, IdempotencyStore, KeyState, Lifetimes, RecordedResponse, ScopedKey,
    StoreFuture,
};
