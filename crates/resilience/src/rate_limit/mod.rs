//! Rate limits: how many requests one key may send, in this process or in all (RES-6).
//!
//! In one process the algorithm is GCRA (the virtual scheduling of ITU-T I.371): one number for each key, exact, without timers. It is own code and not
//! `governor`, which the HTTP server uses under a store of its own: what matters beyond twenty lines of arithmetic is the bound on keys, the time as a
//! parameter, and the fields of a decision, and governor decides all three otherwise. Over many processes it is a sliding window in Redis (`shared`,
//! feature `redis`).
//!
//! Several limits apply by several limiters in a row, the narrowest key first; the first that refuses ends it, and what the ones before it counted stays counted.

mod config;
mod decision;
mod headers;
mod key;
mod keyed;
mod layer;
mod local;
mod on_store_failure;
#[cfg(feature = "redis")]
pub mod shared;
mod snapshot;

pub use config::RateLimitConfig;
pub use decision::Decision;
pub use headers::{policy_header, state_header};
pub use key::RateLimitKey;
pub use layer::{RateLimitFuture, RateLimitLayer, RateLimitService};
pub use local::RateLimiter;
pub use on_store_failure::OnStoreFailure;
pub use snapshot::RateLimitSnapshot;

#[cfg(test)]
mod tests;
