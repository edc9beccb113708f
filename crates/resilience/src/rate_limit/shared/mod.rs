//! Rate limits that many processes share through Redis (RES-6).
//!
//! One script counts and decides in one atomic step, by the clock of Redis. Processes whose clocks
//! differ agree, and no process can count between the read and the write of another. The window
//! slides in 64 slices. A key is one small hash that always expires. [`SharedRateLimiter`] calls
//! Redis for each request. [`LeasedRateLimiter`] takes a few units at a time and decides most
//! requests in memory.
//!
//! When Redis does not respond within its timeout, a policy decides:
//! [`OnStoreFailure`](super::OnStoreFailure). A breaker then keeps requests from each waiting for
//! the timeout.

mod config;
mod lease;
mod limiter;
mod store;

pub use config::{LeasedRateLimitConfig, SharedRateLimitConfig};
pub use lease::LeasedRateLimiter;
pub use limiter::SharedRateLimiter;
pub(super) use store::WeakRateLimitStore;
pub use store::{RateLimitStore, StoreError};
