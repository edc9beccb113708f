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
mod route_limit;
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
    LimitBy, LimitedCaller, NamedLimitConfig, RateLimit, RateLimitCheck, RateLimitRedisConfig,
    RateLimitResult, RateLimited, RateLimits, RateLimitsConfig, RateLimitsError,
};
pub use local::RateLimiter;
pub use on_store_failure::OnStoreFailure;
pub use route_limit::RouteLimit;
pub use snapshot::RateLimitSnapshot;

use seaworthy_telemetry::metrics::{Counter, Kind, Metrics};

const ERRORS: &str = "rate_limit_errors_total";
const ERRORS_HELP: &str = "Rate limit decisions that could not reach the store.";

/// Declares the errors of shared limits. Limits without a store declare them too, because the
/// alerts are rendered from the metrics of a service that starts without Redis.
fn declare_errors(metrics: &Metrics) {
    metrics.declare(Kind::Counter, ERRORS, ERRORS_HELP, &["name"]);
}

/// Returns the counter of decisions of the limit `name` that could not reach the store.
fn errors(metrics: &Metrics, name: &str) -> Counter {
    metrics.counter(ERRORS, ERRORS_HELP, &[("name", name)])
}

#[cfg(test)]
mod tests;
