//! Rate limits per key, in one process or in all processes (RES-6).
//!
//! In one process the algorithm is GCRA ([`Gcra`]). It is part of this crate, which does not use
//! `governor`. The number of keys is bounded, the caller passes the time, and a decision contains
//! the values of the `RateLimit` header. Over many processes it is a sliding window in Redis
//! ([`shared`]).
//!
//! [`RateLimits`] applies several limits to one request, from settings that reload. Every listener
//! has one, and a route can have its own.

mod config;
mod decision;
mod gcra;
mod headers;
mod key;
mod keyed;
mod layer;
mod limits;
mod local;
mod on_store_failure;
pub mod shared;
mod snapshot;

pub use config::RateLimitConfig;
pub use decision::Decision;
pub use gcra::Gcra;
pub use headers::RateLimitHeaders;
pub use key::RateLimitKey;
pub use layer::{RateLimitFuture, RateLimitLayer, RateLimitService};
pub(crate) use limits::RateLimitStores;
pub use limits::{
    Count, Counted, LimitBy, LimitedCaller, NamedLimitConfig, RateLimit, RateLimitRedisConfig,
    RateLimited, RateLimits, RateLimitsConfig, RateLimitsError,
};
pub use local::RateLimiter;
pub use on_store_failure::OnStoreFailure;
pub use snapshot::RateLimitSnapshot;

#[cfg(test)]
mod tests;
