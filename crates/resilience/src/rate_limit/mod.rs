//! Rate limits per key, in one process or in all processes (RES-6).
//!
//! In one process the algorithm is GCRA ([`Gcra`]), which the HTTP server uses too. It is own code
//! instead of `governor`, because the number of keys is bounded, the caller passes the time, and a
//! decision contains the values of the `RateLimit` header. Over many processes it is a sliding
//! window in Redis (`shared`, feature `redis`).
//!
//! To apply several limits, check several limiters, the narrowest key first, and stop at the first
//! rejection. Earlier limiters keep their count.

mod config;
mod decision;
mod gcra;
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
pub use gcra::Gcra;
pub use headers::{policy_header, state_header};
pub use key::RateLimitKey;
pub use layer::{RateLimitFuture, RateLimitLayer, RateLimitService};
pub use local::RateLimiter;
pub use on_store_failure::OnStoreFailure;
pub use snapshot::RateLimitSnapshot;

#[cfg(test)]
mod tests;
